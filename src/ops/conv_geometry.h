// The window arithmetic that Conv, the pools and their gradients share, read from ONNX attributes.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "ir/graph.h"

namespace twofour::ops {

/// Two spatial dimensions (height, width). pads are {top, left, bottom, right}.
struct Window2d {
  std::array<int64_t, 2> kernel{1, 1};
  std::array<int64_t, 2> stride{1, 1};
  std::array<int64_t, 2> dilation{1, 1};
  std::array<int64_t, 4> pads{0, 0, 0, 0};
  bool ceil_mode = false;

  /// Size of the output along spatial axis `i` (0 height, 1 width). Throws Error{kInvalidArgument} when the
  /// window does not fit.
  int64_t out_size(int i, int64_t in_size) const;
  /// The taps [first, last) along spatial axis `i` that fall into `size` values when tap 0 stands at `start`.
  std::pair<int64_t, int64_t> inside(size_t i, int64_t start, int64_t size) const {
    const auto taps_before = [&](int64_t at) { return at <= 0 ? 0 : (at + dilation[i] - 1) / dilation[i]; };
    return {std::min(taps_before(-start), kernel[i]), std::min(taps_before(size - start), kernel[i])};
  }
  /// The same as out_size for a dim that may be unknown.
  Dim out_dim(int i, const Dim& in) const { return in.known() ? Dim(out_size(i, in.value)) : Dim(); }
};

/// Reads kernel_shape (or `kernel` when given), strides, dilations, pads, auto_pad and ceil_mode. auto_pad
/// SAME_* needs the input's spatial sizes. Throws Error{kUnsupported} unless there are two spatial
/// dimensions.
Window2d window_from_attrs(const Attrs& attrs, const Dims& src_nchw, const Dims* weight_kcrs);

/// Conv sizes with the batch: src [N,C,H,W], weight [K,C/groups,R,S], dst [N,K,P,Q].
struct Conv2d {
  int64_t n, c, h, w, k, p, q, groups;
  Window2d window;
  int64_t r() const { return window.kernel[0]; }
  int64_t s() const { return window.kernel[1]; }
};
/// From static shapes; checks that they fit together.
Conv2d conv2d_from(const Attrs& attrs, const Shape& src, const Shape& weight);

/// Pool sizes: src [N,C,H,W] seen as N*C planes of H x W, dst planes of P x Q.
struct Pool2d {
  int64_t planes, h, w, p, q;
  Window2d window;

  /// Calls fn(index in the src plane) for every element inside the window of output (p, q), in window order.
  template <typename Fn>
  void for_each_tap(int64_t row, int64_t col, Fn&& fn) const {
    const int64_t top = row * window.stride[0] - window.pads[0];
    const int64_t left = col * window.stride[1] - window.pads[1];
    const auto [r_begin, r_end] = window.inside(0, top, h);
    const auto [s_begin, s_end] = window.inside(1, left, w);
    for (int64_t r = r_begin; r < r_end; ++r)
      for (int64_t s = s_begin; s < s_end; ++s)
        fn(static_cast<size_t>((top + r * window.dilation[0]) * w + left + s * window.dilation[1]));
  }
};
/// The window of a pool: kernel_shape is required and padding must be smaller than the window.
Window2d pool_window_from(const Attrs& attrs, const Dims& src_nchw);
/// From a static shape.
Pool2d pool2d_from(const Attrs& attrs, const Shape& src);
/// Inference of a pool's forward op.
ValueType infer_pool(const Attrs& attrs, const ValueType& src);
/// Checks that `type` has the shape that pooling `src` gives: for gradients.
void check_pooled(const Attrs& attrs, const ValueType& type, const Shape& src, std::string_view what);

}  // namespace twofour::ops
