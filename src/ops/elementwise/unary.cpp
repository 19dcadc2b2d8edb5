// The factory of elementwise functions of one input, and the most frequent of them.
#include "ops/elementwise/unary.h"

#include <cmath>
#include <numbers>

#include "ops/domain.h"

namespace twofour::ops {
namespace {

double sigmoid_of(double v) { return 1 / (1 + std::exp(-v)); }
double reciprocal_of(double v) { return 1 / v; }

struct NegOf {
  template <typename T>
  T operator()(T v) const {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(v));
    else return -v;
  }
};

struct AbsOf {
  template <typename T>
  T operator()(T v) const {
    if constexpr (std::is_floating_point_v<T>) return std::fabs(v);
    else if constexpr (std::is_signed_v<T>) return v < 0 ? NegOf{}(v) : v;
    else return v;
  }
};

void reference_neg(const ReferenceArgs& args) { map_number(args, NegOf{}); }
void reference_abs(const ReferenceArgs& args) { map_number(args, AbsOf{}); }

Gradient grad_neg(const GradArgs& args) { return {args.builder.neg(args.grad_outputs[0])}; }

Gradient grad_abs(const GradArgs& args) { return chain(args, args.builder.op("Sign", {args.node.input(0)})); }

Gradient grad_sqrt(const GradArgs& args) {
  Builder& b = args.builder;
  return {b.div(b.mul(args.grad_outputs[0], b.scalar(0.5F)), args.node.output())};
}

Gradient grad_exp(const GradArgs& args) { return chain(args, args.node.output()); }

Gradient grad_log(const GradArgs& args) {
  return {args.builder.div(args.grad_outputs[0], args.node.input(0))};
}

Gradient grad_erf(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* density = b.op("Exp", {b.neg(b.mul(src, src))});
  return chain(args, b.mul(density, b.scalar(2 * std::numbers::inv_sqrtpi_v<float>)));
}

Gradient grad_sigmoid(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dst = args.node.output();
  return chain(args, b.mul(dst, b.sub(b.scalar(1), dst)));
}

Gradient grad_tanh(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dst = args.node.output();
  return chain(args, b.sub(b.scalar(1), b.mul(dst, dst)));
}

Gradient grad_reciprocal(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dst = args.node.output();
  return chain(args, b.neg(b.mul(dst, dst)));
}

}  // namespace

OpDef unary(std::string_view name, std::string_view doc, ReferenceFn reference, const Grad& grad, Amp amp,
            Sample sample) {
  const auto input = [&](DType dtype, Shape shape) {
    return ExampleInput{.dtype = dtype,
                        .shape = std::move(shape),
                        .low = sample.low,
                        .high = sample.high,
                        .distinct = sample.distinct};
  };
  return {
      .name = name,
      .doc = doc,
      .inputs = {{.name = "src", .domain = sample.low > 0 ? positive_numbers : nullptr}},
      .outputs = {{"dst"}},
      .infer = infer_same_real,
      .reference = reference,
      .grad = grad,
      .amp = amp,
      .quant = quant_float("not linear in the codes"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {input(DType::kF32, {3, 5, 7})}},
                   {.inputs = {input(DType::kF32, {})}},
                   {.inputs = {input(DType::kF64, {2, 3})}}},
  };
}

OpDef with_integers(OpDef op) {
  op.infer = infer_same_number;
  op.examples.push_back({.inputs = {{.dtype = DType::kI64, .shape = {5}, .low = -9, .high = 9}}});
  op.examples.push_back({.inputs = {{.dtype = DType::kU8, .shape = {3}, .low = 0, .high = 255}}});
  return op;
}

OpDef with_attrs(OpDef op, std::vector<std::string_view> names, Attrs example) {
  op.attrs = std::move(names);
  op.examples.push_back({.inputs = {op.examples[0].inputs}, .attrs = std::move(example)});
  return op;
}

extern const OpDef kAbs;
const OpDef kAbs =
    with_integers(unary("Abs", "dst = |src|.", reference_abs, grad_abs, Amp::kClear, kDistinct));
extern const OpDef kNeg;
const OpDef kNeg = with_integers(unary("Neg", "dst = -src.", reference_neg, grad_neg, Amp::kClear));
extern const OpDef kSqrt;
const OpDef kSqrt =
    unary("Sqrt", "dst = sqrt(src).", real_reference<std::sqrt>, grad_sqrt, Amp::kInfer, {.low = 0.5F});
extern const OpDef kExp;
const OpDef kExp = unary("Exp", "dst = exp(src).", real_reference<std::exp>, grad_exp, Amp::kDeny);
extern const OpDef kLog;
const OpDef kLog = unary("Log", "dst = log(src), the natural logarithm.", real_reference<std::log>, grad_log,
                         Amp::kDeny, {.low = 0.5F});
extern const OpDef kErf;
const OpDef kErf = unary("Erf", "dst = erf(src).", real_reference<std::erf>, grad_erf, Amp::kInfer);
extern const OpDef kReciprocal;
const OpDef kReciprocal = unary("Reciprocal", "dst = 1 / src.", real_reference<reciprocal_of>,
                                grad_reciprocal, Amp::kInfer, {.low = 0.5F});
extern const OpDef kSigmoid;
const OpDef kSigmoid =
    unary("Sigmoid", "dst = 1 / (1 + exp(-src)).", real_reference<sigmoid_of>, grad_sigmoid, Amp::kInfer);
extern const OpDef kTanh;
const OpDef kTanh = unary("Tanh", "dst = tanh(src).", real_reference<std::tanh>, grad_tanh, Amp::kInfer);

}  // namespace twofour::ops
