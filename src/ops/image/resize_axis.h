// The geometry of Resize along one axis, from ONNX attributes (opset 19): output sizes, and which source
// elements each output position reads with which weights. Interpolation is separable, so this is all of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace twofour::ops {

/// The attributes, checked. Throws Error{kInvalidArgument} on unknown names.
struct ResizeOptions {
  enum class Mode : uint8_t { kNearest, kLinear, kCubic };
  explicit ResizeOptions(const Attrs& attrs);

  Mode mode;
  /// `nearest` is ONNX's, or "floor_ceil", which is opset 10's: floor where an axis grows, ceil where it
  /// shrinks.
  std::string transform, nearest, policy;
  bool antialias, exclude_outside, crops;
  double cubic_a, extrapolation;
};

/// One resized axis. `scale` is out / in, or the factor that was asked for.
struct AxisResize {
  size_t axis;
  int64_t in, out;
  double scale;
  double roi_begin = 0, roi_end = 1;
};

/// What inputs roi, scales and sizes say, as far as it is known; empty tensors count as absent.
struct ResizeInputs {
  Tensor roi, scales, sizes;
};

/// The axes that attribute axes names (all by default).
std::vector<size_t> resize_axes(const Attrs& attrs, size_t rank);
/// Every resized axis of a source of shape `src`. Throws Error{kInvalidArgument} on wrong counts or values.
std::vector<AxisResize> resized(const Attrs& attrs, const Shape& src, const ResizeInputs& inputs);
Shape resized_shape(Shape src, const std::vector<AxisResize>& axes);

/// Output position i reads index[k] with weight[k] for k in [begin[i], begin[i + 1]); one that reads nothing
/// takes the extrapolation value.
struct Taps {
  std::vector<size_t> begin{0};
  std::vector<int64_t> index;
  std::vector<double> weight;
};
Taps taps_of(const ResizeOptions& options, const AxisResize& axis);

}  // namespace twofour::ops
