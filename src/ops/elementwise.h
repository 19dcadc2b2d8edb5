// Shared by the elementwise op files: inference and reference of broadcasting ops.
#pragma once

#include "ops/op_def.h"
#include "ops/strided.h"

namespace twofour::ops {

/// numpy broadcasting of the two inputs' dims; the dtypes must agree.
void infer_binary(const Node& node, std::span<ValueType> outputs);
/// Dims of `a` and `b` broadcast together; an unknown dim against 1 stays unknown.
Dims broadcast_dims(const Dims& a, const Dims& b);

/// For each output element in order: fn(index in a, index in b, index in dst).
template <typename Fn>
void for_each_broadcast(const Shape& a, const Shape& b, const Shape& dst, Fn&& fn) {
  size_t k = 0;
  for_each_offset<2>(dst, {broadcast_strides(a, dst), broadcast_strides(b, dst)},
                     [&](const std::array<int64_t, 2>& at) {
                       fn(static_cast<size_t>(at[0]), static_cast<size_t>(at[1]), k++);
                     });
}

}  // namespace twofour::ops
