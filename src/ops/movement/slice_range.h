// The arithmetic of Slice and Shape: which elements of an axis a start, end and step select.
#pragma once

#include "ir/graph.h"

namespace twofour::ops {

/// The elements start, start + step, ... (count of them) of one axis; all are inside it.
struct SliceRange {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;
};

/// numpy's rule as ONNX states it: negative positions count from the end, then both are clamped. step != 0.
SliceRange slice_range(int64_t size, int64_t start, int64_t end, int64_t step);
/// The dims that a Shape node with attributes start and end returns of `rank`.
SliceRange shape_range(const Attrs& attrs, size_t rank);

}  // namespace twofour::ops
