// Geometry of a 2-D convolution as the sparse kernels see it: f32, or narrower values, of which
// lane_values() stand in the place of each f32, so that c is a half or a quarter of the channels.
#pragma once

#include "cpu/sparse24/product_kind.h"

namespace twofour::cpu {

enum class ImageLayout : uint8_t { kNchw, kNhwc };

struct ConvShape {
  ImageLayout layout = ImageLayout::kNchw;  // of src, dst and residual
  int64_t batch = 1;
  int64_t c = 0;  // input channels
  int64_t h = 0;
  int64_t w = 0;
  int64_t k = 0;  // output channels
  int64_t groups = 1;
  int64_t r = 1;  // kernel height
  int64_t s = 1;  // kernel width
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int64_t dilation_h = 1, dilation_w = 1;
  /// Of codes, four in the place of each f32 of src: those beside the image, and what makes codes u8.
  uint32_t blank = 0, flip = 0;

  int64_t out_h() const { return (h + pad_top + pad_bottom - dilation_h * (r - 1) - 1) / stride_h + 1; }
  int64_t out_w() const { return (w + pad_left + pad_right - dilation_w * (s - 1) - 1) / stride_w + 1; }
  /// Columns of the GEMM: output pixels of all images, image by image, row by row.
  int64_t pixels() const { return batch * out_h() * out_w(); }
  int64_t group_c() const { return c / groups; }
  int64_t group_k() const { return k / groups; }
  /// Rows of X that the GEMM of a group has, in the order (r, s, c).
  int64_t gemm_k() const { return r * s * group_c(); }
  /// The convolution of f32 with so many channels as products of that kind see it: channels lie together.
  ConvShape as(ProductKind kind) const {
    if (kind == ProductKind::kF32) return *this;
    ConvShape shape = *this;
    shape.layout = ImageLayout::kNhwc;
    shape.c /= lane_values(kind);
    return shape;
  }
  /// A pointwise convolution reads each pixel where it writes it.
  bool pointwise() const {
    return r == 1 && s == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 && pad_left == 0 &&
           pad_bottom == 0 && pad_right == 0;
  }
};

}  // namespace twofour::cpu
