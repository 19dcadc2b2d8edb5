// Walks the 2:4 blocks of a row-major tensor: four elements along one axis, all other indices fixed.
#pragma once

#include <array>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"

namespace twofour::sparsity {

/// The positions of a block's four elements in the buffer.
using Block = std::array<size_t, 4>;

/// fn(block) for every block, ordered by the position of its first element in the buffer.
/// Throws Error{kInvalidArgument} unless `axis` exists and its size is a multiple of four.
template <typename Fn>
void for_each_block(const Shape& shape, size_t axis, Fn&& fn) {
  TWOFOUR_CHECK(axis < shape.rank() && shape[axis] % 4 == 0, kInvalidArgument,
                "blocks of four do not fit axis {} of shape {}", axis, shape.to_string());
  const auto inner = static_cast<size_t>(shape.numel(axis + 1, shape.rank()));
  const auto groups = static_cast<size_t>(shape.numel(0, axis + 1)) / 4;
  for (size_t group = 0; group < groups; ++group)
    for (size_t i = 0; i < inner; ++i) {
      const size_t first = group * 4 * inner + i;
      fn(Block{first, first + inner, first + 2 * inner, first + 3 * inner});
    }
}

/// The index of the element at `position` of the buffer.
std::vector<int64_t> coordinates(const Shape& shape, size_t position);

}  // namespace twofour::sparsity
