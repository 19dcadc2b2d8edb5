// Elementwise functions of one input.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

using Gradient = std::vector<Value*>;

template <float (*Fn)(float)>
void reference(const ReferenceArgs& args) {
  std::ranges::transform(args.inputs[0].span<float>(), args.outputs[0].span<float>().begin(), Fn);
}

float sqrt_of(float v) { return std::sqrt(v); }
float exp_of(float v) { return std::exp(v); }
float log_of(float v) { return std::log(v); }
float erf_of(float v) { return std::erf(v); }
float tanh_of(float v) { return std::tanh(v); }
float sigmoid_of(float v) { return static_cast<float>(1 / (1 + std::exp(-double{v}))); }

/// Neg and Abs take integers too.
template <bool kOnlyNegative>
void reference_negate(const ReferenceArgs& args) {
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    std::ranges::transform(args.inputs[0].span<T>(), args.outputs[0].span<T>().begin(), [](T v) {
      if constexpr (kOnlyNegative)
        if (!(v < T{}) && v != T{}) return v;
      if constexpr (std::is_integral_v<T>) return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(v));
      else return kOnlyNegative ? std::fabs(v) : -v;
    });
  });
}

void infer_number(const Node& node, std::span<ValueType> outputs) {
  infer_same(node, outputs);
  TWOFOUR_CHECK(outputs[0].dtype != DType::kBool, kUnsupported, "src is bool; numbers are expected");
}

Gradient grad_neg(const GradArgs& args) { return {args.builder.neg(args.grad_outputs[0])}; }

Gradient grad_abs(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  Value* src = args.node.input(0);
  return {b.sub(b.op("ReluGrad", {dy, src}), b.op("ReluGrad", {dy, b.neg(src)}))};
}

Gradient grad_sqrt(const GradArgs& args) {
  Builder& b = args.builder;
  return {b.div(b.mul(args.grad_outputs[0], b.scalar(0.5F)), args.node.output())};
}

Gradient grad_exp(const GradArgs& args) {
  return {args.builder.mul(args.grad_outputs[0], args.node.output())};
}

Gradient grad_log(const GradArgs& args) {
  return {args.builder.div(args.grad_outputs[0], args.node.input(0))};
}

Gradient grad_erf(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* density = b.op("Exp", {b.neg(b.mul(src, src))});
  return {b.mul(args.grad_outputs[0], b.mul(density, b.scalar(2 * std::numbers::inv_sqrtpi_v<float>)))};
}

Gradient grad_sigmoid(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dst = args.node.output();
  return {b.mul(args.grad_outputs[0], b.mul(dst, b.sub(b.scalar(1), dst)))};
}

Gradient grad_tanh(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dst = args.node.output();
  return {b.mul(args.grad_outputs[0], b.sub(b.scalar(1), b.mul(dst, dst)))};
}

void reference_leaky_relu(const ReferenceArgs& args) {
  const float alpha = args.attrs.f("alpha", 0.01F);
  std::ranges::transform(args.inputs[0].span<float>(), args.outputs[0].span<float>().begin(),
                         [alpha](float v) { return v < 0 ? alpha * v : v; });
}

Gradient grad_leaky_relu(const GradArgs& args) {
  Builder& b = args.builder;
  const float alpha = args.node.attrs().f("alpha", 0.01F);
  Value* dy = args.grad_outputs[0];
  Value* passed = b.op("ReluGrad", {dy, args.node.input(0)});
  return {b.add(b.mul(passed, b.scalar(1 - alpha)), b.mul(dy, b.scalar(alpha)))};
}

OpDef unary(std::string_view name, std::string_view doc, ReferenceFn fn, GradFn grad, Amp amp, float low = -2,
            bool distinct = false) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .infer = infer_same_float,
      .reference = fn,
      .grad = grad,
      .amp = amp,
      .quant = quant_float("not linear in the codes"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {3, 5, 7}, .low = low, .high = 2, .distinct = distinct}}},
                   {.inputs = {{.shape = {}, .low = low, .high = 2, .distinct = distinct}}}},
  };
}

OpDef with_integers(OpDef op) {
  op.infer = infer_number;
  op.examples.push_back({.inputs = {{.dtype = DType::kI64, .shape = {5}, .low = -9, .high = 9}}});
  return op;
}

OpDef with_alpha(OpDef op) {
  op.attrs = {"alpha"};
  op.examples.push_back({.inputs = {{.shape = {3, 5}, .distinct = true}}, .attrs = {{"alpha", 0.2F}}});
  return op;
}

}  // namespace

extern const OpDef kAbs;
const OpDef kAbs =
    with_integers(unary("Abs", "dst = |src|.", reference_negate<true>, grad_abs, Amp::kClear, -2, true));
extern const OpDef kNeg;
const OpDef kNeg = with_integers(unary("Neg", "dst = -src.", reference_negate<false>, grad_neg, Amp::kClear));
extern const OpDef kSqrt;
const OpDef kSqrt = unary("Sqrt", "dst = sqrt(src).", reference<sqrt_of>, grad_sqrt, Amp::kInfer, 0.5F);
extern const OpDef kExp;
const OpDef kExp = unary("Exp", "dst = exp(src).", reference<exp_of>, grad_exp, Amp::kDeny);
extern const OpDef kLog;
const OpDef kLog =
    unary("Log", "dst = log(src), the natural logarithm.", reference<log_of>, grad_log, Amp::kDeny, 0.5F);
extern const OpDef kErf;
const OpDef kErf = unary("Erf", "dst = erf(src).", reference<erf_of>, grad_erf, Amp::kInfer);
extern const OpDef kSigmoid;
const OpDef kSigmoid =
    unary("Sigmoid", "dst = 1 / (1 + exp(-src)).", reference<sigmoid_of>, grad_sigmoid, Amp::kInfer);
extern const OpDef kTanh;
const OpDef kTanh = unary("Tanh", "dst = tanh(src).", reference<tanh_of>, grad_tanh, Amp::kInfer);
extern const OpDef kLeakyRelu;
const OpDef kLeakyRelu = with_alpha(unary("LeakyRelu", "dst = src where src >= 0, else alpha * src.",
                                          reference_leaky_relu, grad_leaky_relu, Amp::kInfer, -2, true));

}  // namespace twofour::ops
