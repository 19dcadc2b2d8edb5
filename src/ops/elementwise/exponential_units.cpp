// Rectifiers whose negative side is a scaled exponential: Elu, Celu, Selu; and LeakyRelu, whose is a line.
#include <cmath>

#include "ops/elementwise/unary.h"

namespace twofour::ops {
namespace {

/// gamma * src for src >= 0, else gamma * alpha * (exp(src) - 1).
void exponential_unit(const ReferenceArgs& args, double gamma, double alpha) {
  map_real(args, [=](double v) { return gamma * (v >= 0 ? v : alpha * std::expm1(v)); });
}

struct Sides {
  Value* positive;  // dst's gradient where src > 0, else 0
  Value* negative;  // the rest of it
};

Sides sides(const GradArgs& args) {
  Builder& b = args.builder;
  Value* positive = b.op("ReluGrad", {args.grad_outputs[0], args.node.input(0)});
  return {positive, b.sub(args.grad_outputs[0], positive)};
}

float alpha_of(const Attrs& attrs) { return attrs.f("alpha", 1); }

void reference_elu(const ReferenceArgs& args) { exponential_unit(args, 1, alpha_of(args.attrs)); }

Gradient grad_elu(const GradArgs& args) {
  Builder& b = args.builder;
  const auto [positive, negative] = sides(args);
  Value* slope = b.add(args.node.output(), b.scalar(alpha_of(args.node.attrs())));
  return {b.add(positive, b.mul(negative, slope))};
}

/// max(src, 0) + min(alpha * (exp(src / alpha) - 1), 0), where an alpha that is 0 or not finite gives NaN.
void reference_celu(const ReferenceArgs& args) {
  map_real(args, [alpha = double{alpha_of(args.attrs)}](double v) {
    const double curve = alpha * std::expm1(v / alpha);
    return v < 0 || curve != curve ? curve : v;
  });
}

Gradient grad_celu(const GradArgs& args) {
  Builder& b = args.builder;
  const auto [positive, negative] = sides(args);
  Value* scaled = b.mul(args.node.output(), b.scalar(1 / alpha_of(args.node.attrs())));
  return {b.add(positive, b.mul(negative, b.add(scaled, b.scalar(1))))};
}

float selu_alpha(const Attrs& attrs) { return attrs.f("alpha", 1.67326319217681884765625F); }
float selu_gamma(const Attrs& attrs) { return attrs.f("gamma", 1.05070102214813232421875F); }

void reference_selu(const ReferenceArgs& args) {
  exponential_unit(args, selu_gamma(args.attrs), selu_alpha(args.attrs));
}

Gradient grad_selu(const GradArgs& args) {
  Builder& b = args.builder;
  const float alpha = selu_alpha(args.node.attrs());
  const float gamma = selu_gamma(args.node.attrs());
  const auto [positive, negative] = sides(args);
  Value* slope = b.add(args.node.output(), b.scalar(gamma * alpha));
  return {b.add(b.mul(positive, b.scalar(gamma)), b.mul(negative, slope))};
}

float leak_of(const Attrs& attrs) { return attrs.f("alpha", 0.01F); }

void reference_leaky_relu(const ReferenceArgs& args) {
  map_real(args, [alpha = double{leak_of(args.attrs)}](double v) { return v < 0 ? alpha * v : v; });
}

Gradient grad_leaky_relu(const GradArgs& args) {
  Builder& b = args.builder;
  const auto [positive, negative] = sides(args);
  return {b.add(positive, b.mul(negative, b.scalar(leak_of(args.node.attrs()))))};
}

OpDef rectifier(std::string_view name, std::string_view doc, ReferenceFn reference, GradFn grad,
                Attrs example) {
  std::vector<std::string_view> names;
  for (const auto& [attr, value] : example) names.push_back(attr == "gamma" ? "gamma" : "alpha");
  return with_attrs(unary(name, doc, reference, grad, Amp::kInfer, kDistinct), std::move(names),
                    std::move(example));
}

}  // namespace

extern const OpDef kElu;
const OpDef kElu = rectifier("Elu", "dst = src where src >= 0, else alpha * (exp(src) - 1).", reference_elu,
                             grad_elu, {{"alpha", 2.0F}});
extern const OpDef kCelu;
const OpDef kCelu = rectifier("Celu", "dst = src where src >= 0, else alpha * (exp(src / alpha) - 1).",
                              reference_celu, grad_celu, {{"alpha", 2.0F}});
extern const OpDef kSelu;
const OpDef kSelu = rectifier("Selu", "dst = gamma * (src where src >= 0, else alpha * (exp(src) - 1)).",
                              reference_selu, grad_selu, {{"alpha", 2.0F}, {"gamma", 3.0F}});
extern const OpDef kLeakyRelu;
const OpDef kLeakyRelu = rectifier("LeakyRelu", "dst = src where src >= 0, else alpha * src.",
                                   reference_leaky_relu, grad_leaky_relu, {{"alpha", 0.2F}});

}  // namespace twofour::ops
