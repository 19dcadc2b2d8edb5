// The window arithmetic that Conv, the pools and their gradients share, read from ONNX attributes. One to
// three spatial dimensions; those that are missing lead and have size 1.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "ir/graph.h"

namespace twofour::ops {

template <size_t N>
using Sizes = std::array<int64_t, N>;

template <size_t N>
constexpr Sizes<N> ones() {
  Sizes<N> sizes{};
  sizes.fill(1);
  return sizes;
}

/// N spatial dimensions, outermost first. pads are all begins, then all ends.
template <size_t N>
struct Window {
  Sizes<N> kernel = ones<N>();
  Sizes<N> stride = ones<N>();
  Sizes<N> dilation = ones<N>();
  Sizes<2 * N> pads{};
  bool ceil_mode = false;

  /// From the first tap to the last, along spatial axis `i`.
  int64_t extent(size_t i) const { return dilation[i] * (kernel[i] - 1) + 1; }
  /// Size of the output along spatial axis `i`. Throws Error{kInvalidArgument} when the window does not fit.
  int64_t out_size(size_t i, int64_t in_size) const;
  /// The taps [first, last) along spatial axis `i` that fall into `size` values when tap 0 stands at `start`.
  std::pair<int64_t, int64_t> inside(size_t i, int64_t start, int64_t size) const {
    const auto taps_before = [&](int64_t at) { return at <= 0 ? 0 : (at + dilation[i] - 1) / dilation[i]; };
    return {std::min(taps_before(-start), kernel[i]), std::min(taps_before(size - start), kernel[i])};
  }
  /// The same as out_size for a dim that may be unknown.
  Dim out_dim(size_t i, const Dim& in) const { return in.known() ? Dim(out_size(i, in.value)) : Dim(); }
};
using Window2d = Window<2>;
using Window3d = Window<3>;

/// Reads kernel_shape (or `kernel` when given), strides, dilations, pads, auto_pad and ceil_mode. auto_pad
/// SAME_* pads only where the spatial size is known. `src` is N,C and the spatial sizes. Throws
/// Error{kUnsupported} unless there are one to three.
Window3d window_from_attrs(const Attrs& attrs, const Dims& src, const Dims* weight);
/// The last two dimensions of a window whose first one is trivial.
Window2d window2d(const Window3d& window);
/// The dims of N,`channels` and the outputs of the window.
Dims windowed_dims(const Window3d& window, const Dims& src, const Dim& channels);
/// The three spatial sizes of N,C,...; leading ones are 1.
Sizes<3> spatial_sizes(const Shape& shape);

/// Conv sizes with the batch: src [N,C,in], weight [K,C/groups,kernel], dst [N,K,out].
struct Conv3d {
  int64_t n, c, k, groups;
  Sizes<3> in, out;
  Window3d window;
  Shape dst_shape(size_t rank) const;
};
/// From static shapes; checks that they fit together.
Conv3d conv3d_from(const Attrs& attrs, const Shape& src, const Shape& weight);

/// Inference of the dims of dst; checks groups and channels, too.
Dims infer_conv(const Attrs& attrs, const ValueType& src, const ValueType& weight);

/// The same for one or two spatial dimensions: src [N,C,H,W], weight [K,C/groups,R,S], dst [N,K,P,Q], where
/// H, R and P may be missing and count as 1.
struct Conv2d {
  int64_t n, c, h, w, k, p, q, groups;
  Window2d window;
  int64_t r() const { return window.kernel[0]; }
  int64_t s() const { return window.kernel[1]; }
};
/// Throws Error{kUnsupported} when there are three spatial dimensions.
Conv2d conv2d_from(const Attrs& attrs, const Shape& src, const Shape& weight);

}  // namespace twofour::ops
