// The window arithmetic that Conv, the pools and their gradients share, read from ONNX attributes.
#pragma once

#include <array>

#include "ir/graph.h"

namespace twofour::ops {

/// Two spatial dimensions (height, width). pads are {top, left, bottom, right}.
struct Window2d {
  std::array<int64_t, 2> kernel{1, 1};
  std::array<int64_t, 2> stride{1, 1};
  std::array<int64_t, 2> dilation{1, 1};
  std::array<int64_t, 4> pads{0, 0, 0, 0};
  bool ceil_mode = false;

  /// Size of the output along spatial axis `i` (0 height, 1 width). Throws Error{kInvalidArgument} when the window
  /// does not fit.
  int64_t out_size(int i, int64_t in_size) const;
};

/// Reads kernel_shape (or `kernel` when given), strides, dilations, pads, auto_pad and ceil_mode. auto_pad
/// SAME_* needs the input's spatial sizes. Throws Error{kUnsupported} unless there are two spatial dimensions.
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

}  // namespace twofour::ops
