// Loops over strided tensors, shared by the reference kernels that move or broadcast data.
#pragma once

#include <array>
#include <vector>

#include "base/tensor.h"

namespace twofour::ops {

/// Calls fn(offsets) for every index of `extent` in row-major order, where offsets[n] is the sum over the
/// axes of index * strides[n][axis] (in elements).
template <size_t N, typename Fn>
void for_each_offset(const Shape& extent, const std::array<std::vector<int64_t>, N>& strides, Fn&& fn) {
  std::array<int64_t, N> offsets{};
  std::vector<int64_t> index(extent.rank(), 0);
  for (int64_t left = extent.numel(); left > 0; --left) {
    fn(offsets);
    for (size_t axis = extent.rank(); axis-- > 0;) {
      const bool more = ++index[axis] < extent[axis];
      const int64_t steps = more ? 1 : 1 - extent[axis];
      for (size_t n = 0; n < N; ++n) offsets[n] += strides[n][axis] * steps;
      if (more) break;
      index[axis] = 0;
    }
  }
}

/// Strides of a tensor of shape `shape` seen from the shape `dst` it broadcasts to: 0 along stretched axes.
std::vector<int64_t> broadcast_strides(const Shape& shape, const Shape& dst);

/// One side of a strided copy: where it begins and how it steps along each axis, in elements.
struct Strided {
  int64_t offset = 0;
  std::vector<int64_t> strides;
};
/// Copies `extent` elements of any dtype from src to dst; both must have the same dtype.
void copy_strided(const Tensor& src, const Strided& from, const Tensor& dst, const Strided& to,
                  const Shape& extent);

/// A tensor seen as [outer, size, inner] around one axis.
struct AxisView {
  int64_t outer;
  int64_t size;
  int64_t inner;
  AxisView(const Shape& shape, size_t axis)
      : outer(shape.numel(0, axis)), size(shape[axis]), inner(shape.numel(axis + 1, shape.rank())) {}
};

}  // namespace twofour::ops
