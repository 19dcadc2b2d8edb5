// Shared by the elementwise op files: inference and reference of broadcasting binary ops.
#pragma once

#include "ops/op_def.h"

namespace twofour::ops {

/// numpy broadcasting of the two inputs' dims; the dtypes must agree.
void infer_binary(const Node& node, std::span<ValueType> outputs);
/// Dims of `a` and `b` broadcast together; an unknown dim against 1 stays unknown.
Dims broadcast_dims(const Dims& a, const Dims& b);
/// For each output element in order: fn(index in a, index in b, index in dst).
void for_each_broadcast(const Shape& a, const Shape& b, const Shape& dst,
                        const std::function<void(size_t, size_t, size_t)>& fn);

}  // namespace twofour::ops
