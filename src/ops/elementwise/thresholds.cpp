// Activations made of straight lines: HardSigmoid, HardSwish, Shrink, ThresholdedRelu, PRelu.
#include <algorithm>
#include <cmath>

#include "base/truncate.h"
#include "ops/elementwise/unary.h"

namespace twofour::ops {
namespace {

double clamp_to_one(double v) { return v < 0 ? 0 : v > 1 ? 1 : v; }

/// `grad` where 0 < gate < 1, else 0.
Value* inside_gate(Builder& b, Value* grad, Value* gate) {
  return b.op("ReluGrad", {b.op("ReluGrad", {grad, gate}), b.sub(b.scalar(1), gate)});
}

float slope_of(const Attrs& attrs) { return attrs.f("alpha", 0.2F); }

void reference_hard_sigmoid(const ReferenceArgs& args) {
  const double alpha = slope_of(args.attrs);
  const double beta = args.attrs.f("beta", 0.5F);
  map_real(args, [=](double v) { return clamp_to_one(alpha * v + beta); });
}

Gradient grad_hard_sigmoid(const GradArgs& args) {
  Builder& b = args.builder;
  Value* scaled = b.mul(args.grad_outputs[0], b.scalar(slope_of(args.node.attrs())));
  return {inside_gate(b, scaled, args.node.output())};
}

double hard_swish_of(double v) { return v * clamp_to_one(v / 6 + 0.5); }

Gradient grad_hard_swish(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* dy = args.grad_outputs[0];
  Value* gate = b.op("HardSigmoid", {src}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
  Value* moving = inside_gate(b, b.mul(dy, b.mul(src, b.scalar(1.0F / 6))), gate);
  return {b.add(b.mul(dy, gate), moving)};
}

float lambda_of(const Attrs& attrs) { return attrs.f("lambd", 0.5F); }

void reference_shrink(const ReferenceArgs& args) {
  map_number(args, [lambda = lambda_of(args.attrs), bias = args.attrs.f("bias", 0)]<typename T>(T v) {
    using Wide = std::conditional_t<std::is_integral_v<T>, long double, double>;  // exact, of any 64 bits
    const auto wide = static_cast<Wide>(v);
    const Wide moved = wide < -lambda ? wide + bias : wide > lambda ? wide - bias : wide != wide ? wide : 0;
    if constexpr (std::is_integral_v<T>) return truncate<T>(moved);
    else return static_cast<T>(moved);
  });
}

Gradient grad_shrink(const GradArgs& args) {
  Builder& b = args.builder;
  Value* over = b.sub(b.op("Abs", {args.node.input(0)}), b.scalar(lambda_of(args.node.attrs())));
  return {b.op("ReluGrad", {args.grad_outputs[0], over})};
}

float threshold_of(const Attrs& attrs) { return attrs.f("alpha", 1); }

void reference_thresholded(const ReferenceArgs& args) {
  map_real(args,
           [alpha = double{threshold_of(args.attrs)}](double v) { return v > alpha || v != v ? v : 0; });
}

Gradient grad_thresholded(const GradArgs& args) {
  Builder& b = args.builder;
  Value* over = b.sub(args.node.input(0), b.scalar(threshold_of(args.node.attrs())));
  return {b.op("ReluGrad", {args.grad_outputs[0], over})};
}

void infer_prelu(const Node& node, std::span<ValueType> outputs) {
  check_wide_number(node.input(0)->type(), "src");
  infer_same(node, outputs);
  const ValueType& slope = node.input(1)->type();
  check_dtype(slope, outputs[0].dtype, "slope");
  TWOFOUR_CHECK(broadcast_dims(outputs[0].dims, slope.dims).size() == outputs[0].dims.size(),
                kInvalidArgument, "slope is {}; it must broadcast to src, which is {}", slope.to_string(),
                outputs[0].to_string());
}

/// Integers wrap around.
template <typename T>
T sloped(T v, T slope) {
  if constexpr (std::is_floating_point_v<T>) return v < 0 ? slope * v : v;
  else return v < T{} ? static_cast<T>(static_cast<uint64_t>(slope) * static_cast<uint64_t>(v)) : v;
}

void reference_prelu(const ReferenceArgs& args) {
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto src = args.inputs[0].span<T>();
    const auto slope = args.inputs[1].span<T>();
    const auto dst = args.outputs[0].span<T>();
    TWOFOUR_CHECK(broadcast_shapes(args.inputs[0].shape(), args.inputs[1].shape()) == args.inputs[0].shape(),
                  kInvalidArgument, "slope {} does not broadcast to src {}",
                  args.inputs[1].shape().to_string(), args.inputs[0].shape().to_string());
    for_each_broadcast(args.inputs[0].shape(), args.inputs[1].shape(), args.outputs[0].shape(),
                       [&](size_t i, size_t j, size_t k) { dst[k] = sloped(src[i], slope[j]); });
  });
}

Gradient grad_prelu(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* slope = args.node.input(1);
  Value* positive = b.op("ReluGrad", {args.grad_outputs[0], src});
  Value* negative = b.sub(args.grad_outputs[0], positive);
  return {args.needed[0] ? b.add(positive, b.mul(negative, slope)) : nullptr,
          args.needed[1] ? b.unbroadcast(b.mul(negative, src), slope->shape()) : nullptr};
}

OpDef prelu() {
  OpDef op = unary("PRelu", "dst = src where src >= 0, else slope * src; slope broadcasts to src.",
                   reference_prelu, grad_prelu, Amp::kInfer);
  op.inputs = {{"src"}, {.name = "slope", .weight = true}};
  op.infer = infer_prelu;
  const ExampleInput src = {.shape = {2, 3, 4}, .distinct = true};
  op.examples = {{.inputs = {src, {.shape = {3, 1}}}},
                 {.inputs = {src, {.shape = {}}}},
                 {.inputs = {src, {.shape = {2, 3, 4}}}},
                 {.inputs = {{.dtype = DType::kF64, .shape = {3}}, {.dtype = DType::kF64, .shape = {1}}}},
                 {.inputs = {{.dtype = DType::kI32, .shape = {2, 3}, .low = -9, .high = 9},
                             {.dtype = DType::kI32, .shape = {3}, .low = -9, .high = 9}}}};
  return op;
}

/// `op` with attributes that put its kinks on even multiples of 0.03, between the values of the example.
OpDef with_kinks(OpDef op, std::vector<std::string_view> names, Attrs example) {
  op.attrs = std::move(names);
  op.examples.push_back({.inputs = {{.shape = {3, 5, 7}, .distinct = true}}, .attrs = std::move(example)});
  return op;
}

}  // namespace

extern const OpDef kHardSigmoid;
const OpDef kHardSigmoid = with_kinks(unary("HardSigmoid", "dst = min(max(alpha * src + beta, 0), 1).",
                                            reference_hard_sigmoid, grad_hard_sigmoid, Amp::kInfer),
                                      {"alpha", "beta"}, {{"alpha", 0.5F / 0.48F}, {"beta", 0.5F}});
extern const OpDef kHardSwish;
const OpDef kHardSwish = with_kinks(unary("HardSwish", "dst = src * min(max(src / 6 + 1/2, 0), 1).",
                                          real_reference<hard_swish_of>, grad_hard_swish, Amp::kInfer),
                                    {}, {});
extern const OpDef kShrink;
const OpDef kShrink =
    with_kinks(with_integers(unary("Shrink",
                                   "dst = src + bias where src < -lambd, src - bias where src > lambd, "
                                   "else 0; integers are cut off.",
                                   reference_shrink, grad_shrink, Amp::kClear, {.low = 0.6F})),
               {"bias", "lambd"}, {{"bias", 0.7F}, {"lambd", 0.78F}});
extern const OpDef kThresholdedRelu;
const OpDef kThresholdedRelu =
    with_kinks(unary("ThresholdedRelu", "dst = src where src > alpha, else 0.", reference_thresholded,
                     grad_thresholded, Amp::kClear, {.low = 1.1F}),
               {"alpha"}, {{"alpha", 0.3F}});
extern const OpDef kPRelu;
const OpDef kPRelu = prelu();

}  // namespace twofour::ops
