// Shared by the elementwise op files: inference and reference of broadcasting ops.
#pragma once

#include <algorithm>

#include "ops/infer.h"
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

/// The nearest integer; halves go to the even neighbour, whatever the thread's rounding mode is.
double round_half_even(double v);

/// dst[i] = fn(src[i]) for f32 and f64; fn takes and gives a double.
template <typename Fn>
void map_real(const ReferenceArgs& args, Fn&& fn) {
  dispatch_real(args.outputs[0].dtype(), [&]<typename T>(T) {
    std::ranges::transform(args.inputs[0].span<T>(), args.outputs[0].span<T>().begin(),
                           [&](T v) { return static_cast<T>(fn(double{v})); });
  });
}

}  // namespace twofour::ops
