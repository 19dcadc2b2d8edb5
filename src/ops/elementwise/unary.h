// What the files of elementwise functions of one input share.
#pragma once

#include <vector>

#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"

namespace twofour::ops {

using Gradient = std::vector<Value*>;

/// dst = Fn(src) for f32 and f64, computed in double.
template <double (*Fn)(double)>
void real_reference(const ReferenceArgs& args) {
  map_real(args, Fn);
}

/// dst = fn(src) for every type of numbers; fn is called with, and gives, that type.
template <typename Fn>
void map_number(const ReferenceArgs& args, Fn&& fn) {
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    std::ranges::transform(args.inputs[0].span<T>(), args.outputs[0].span<T>().begin(), fn);
  });
}

/// The range of the values of a function's examples; `distinct` for functions with kinks.
struct Sample {
  float low = -2;
  float high = 2;
  bool distinct = false;
};
constexpr Sample kDistinct = {.distinct = true};

/// A function of floating-point values.
OpDef unary(std::string_view name, std::string_view doc, ReferenceFn reference, const Grad& grad, Amp amp,
            Sample sample = {});
/// The same op, for integers too.
OpDef with_integers(OpDef op);
/// The same op with attributes, and an example that sets them.
OpDef with_attrs(OpDef op, std::vector<std::string_view> names, Attrs example);

/// The gradient dst's gradient times `slope`.
inline Gradient chain(const GradArgs& args, Value* slope) {
  return {args.builder.mul(args.grad_outputs[0], slope)};
}
/// The gradient of a step function: none, its slope is zero wherever it has one.
inline Gradient grad_of_steps(const GradArgs&) { return {nullptr}; }
/// 1 where `condition` holds, else 0.
inline Value* as_number(Builder& b, Value* condition) {
  return b.op("Where", {condition, b.scalar(1), b.scalar(0)});
}

}  // namespace twofour::ops
