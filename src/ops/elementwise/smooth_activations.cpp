// Smooth activations: Gelu, Mish, Softplus, Softsign, Swish.
#include <cmath>
#include <numbers>

#include "ops/elementwise/unary.h"

namespace twofour::ops {
namespace {

constexpr double kTanhScale = 0.7978845608028654;  // sqrt(2 / pi)
constexpr double kTanhCube = 0.044715;

double softplus_of(double v) { return std::fmax(v, 0) + std::log1p(std::exp(-std::fabs(v))); }
double softsign_of(double v) { return v / (1 + std::fabs(v)); }
double mish_of(double v) { return v * std::tanh(softplus_of(v)); }
double gelu_of(double v) { return 0.5 * v * (1 + std::erf(v * std::numbers::sqrt2 / 2)); }
double tanh_gelu_of(double v) { return 0.5 * v * (1 + std::tanh(kTanhScale * (v + kTanhCube * v * v * v))); }

Gradient grad_softplus(const GradArgs& args) {
  return chain(args, args.builder.op("Sigmoid", {args.node.input(0)}));
}

Gradient grad_softsign(const GradArgs& args) {
  Builder& b = args.builder;
  Value* divisor = b.add(b.scalar(1), b.op("Abs", {args.node.input(0)}));
  return {b.div(args.grad_outputs[0], b.mul(divisor, divisor))};
}

/// (1 - tanh^2)
Value* tanh_slope(Builder& b, Value* tanh) { return b.sub(b.scalar(1), b.mul(tanh, tanh)); }

Gradient grad_mish(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* tanh = b.op("Tanh", {b.op("Softplus", {src})});
  Value* inner = b.mul(b.mul(src, b.op("Sigmoid", {src})), tanh_slope(b, tanh));
  return chain(args, b.add(tanh, inner));
}

bool uses_tanh(const Attrs& attrs) {
  const std::string approximate = attrs.s("approximate", "none");
  TWOFOUR_CHECK(approximate == "none" || approximate == "tanh", kInvalidArgument,
                "approximate is \"{}\"; none and tanh are known", approximate);
  return approximate == "tanh";
}

void infer_gelu(const Node& node, std::span<ValueType> outputs) {
  uses_tanh(node.attrs());
  infer_same_real(node, outputs);
}

void reference_gelu(const ReferenceArgs& args) {
  map_real(args, uses_tanh(args.attrs) ? tanh_gelu_of : gelu_of);
}

// src * (1 + t) / 2 with t = tanh(u(src)) or erf(src / sqrt 2): slope (1 + t) / 2 + src * t' / 2.
Gradient grad_gelu(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* square = b.mul(src, src);
  Value* t = nullptr;
  Value* slope_of_t = nullptr;
  if (uses_tanh(args.node.attrs())) {
    const auto scale = static_cast<float>(kTanhScale);
    const auto cube = static_cast<float>(kTanhScale * kTanhCube);
    t = b.op("Tanh", {b.mul(src, b.add(b.scalar(scale), b.mul(square, b.scalar(cube))))});
    slope_of_t = b.mul(tanh_slope(b, t), b.add(b.scalar(scale), b.mul(square, b.scalar(3 * cube))));
  } else {
    t = b.op("Erf", {b.mul(src, b.scalar(std::numbers::sqrt2_v<float> / 2))});
    Value* density = b.op("Exp", {b.mul(square, b.scalar(-0.5F))});
    slope_of_t = b.mul(density, b.scalar(static_cast<float>(kTanhScale)));
  }
  Value* twice = b.add(b.add(b.scalar(1), t), b.mul(src, slope_of_t));
  return chain(args, b.mul(twice, b.scalar(0.5F)));
}

float alpha_of(const Attrs& attrs) { return attrs.f("alpha", 1); }

void reference_swish(const ReferenceArgs& args) {
  map_real(args, [alpha = double{alpha_of(args.attrs)}](double v) { return v / (1 + std::exp(-alpha * v)); });
}

Gradient grad_swish(const GradArgs& args) {
  Builder& b = args.builder;
  Value* scaled = b.mul(args.node.input(0), b.scalar(alpha_of(args.node.attrs())));
  Value* gate = b.op("Sigmoid", {scaled});
  return chain(args, b.mul(gate, b.add(b.scalar(1), b.mul(scaled, b.sub(b.scalar(1), gate)))));
}

OpDef gelu() {
  OpDef op = with_attrs(unary("Gelu",
                              "dst = src * P(src) with P the normal distribution, or with approximate=tanh "
                              "its usual approximation.",
                              reference_gelu, grad_gelu, Amp::kInfer),
                        {"approximate"}, {{"approximate", std::string("tanh")}});
  op.infer = infer_gelu;
  return op;
}

}  // namespace

extern const OpDef kSoftplus;
const OpDef kSoftplus =
    unary("Softplus", "dst = log(1 + exp(src)).", real_reference<softplus_of>, grad_softplus, Amp::kDeny);
extern const OpDef kSoftsign;
const OpDef kSoftsign = unary("Softsign", "dst = src / (1 + |src|).", real_reference<softsign_of>,
                              grad_softsign, Amp::kInfer, kDistinct);
extern const OpDef kMish;
const OpDef kMish =
    unary("Mish", "dst = src * tanh(log(1 + exp(src))).", real_reference<mish_of>, grad_mish, Amp::kInfer);
extern const OpDef kGelu;
const OpDef kGelu = gelu();
extern const OpDef kSwish;
const OpDef kSwish = with_attrs(
    unary("Swish", "dst = src / (1 + exp(-alpha * src)).", reference_swish, grad_swish, Amp::kInfer),
    {"alpha"}, {{"alpha", 1.5F}});

}  // namespace twofour::ops
