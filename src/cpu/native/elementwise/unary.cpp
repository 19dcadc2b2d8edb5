// Elementwise functions of one f32 tensor, in any format and in place.
#include <cmath>

#include "cpu/native/elementwise/activation.h"
#include "cpu/native/elementwise/map.h"
#include "cpu/native/vector_math.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

/// dst = op(src) with op a function object.
template <typename Op>
std::unique_ptr<Kernel> elementwise(int64_t numel, Op op) {
  return make_kernel(
      [=](const KernelArgs& args) { map_floats(args.in<float>(0), args.out<float>(), numel, op); });
}

std::unique_ptr<Kernel> clip(const NodeDesc& node) {
  return make_kernel([numel = node.outputs[0].shape.numel(), has_low = node.has_input(1),
                      has_high = node.has_input(2)](const KernelArgs& args) {
    const ops::Activation range = {ops::Activation::Kind::kClip, has_low ? *args.in<float>(1) : -INFINITY,
                                   has_high ? *args.in<float>(2) : INFINITY};
    apply_activation(range, args.in<float>(0), args.out<float>(), numel);
  });
}

std::unique_ptr<Kernel> power(const NodeDesc& node) {
  const int64_t numel = node.outputs[0].shape.numel();
  const float exponent = node.inputs[1].data.to(DType::kF32).span<float>()[0];
  if (exponent == 2) return elementwise(numel, [](float v) { return v * v; });
  if (exponent == 3) return elementwise(numel, [](float v) { return v * v * v; });
  // pow knows no square root of -inf, and gives +0 for -0.
  if (exponent == 0.5F)
    return elementwise(numel, [](float v) { return v == -INFINITY ? INFINITY : std::sqrt(v) + 0.0F; });
  if (exponent == -1) return elementwise(numel, [](float v) { return 1.0F / v; });
  return elementwise(numel, [exponent](float v) { return std::pow(v, exponent); });
}

std::unique_ptr<Kernel> tanh_gelu(int64_t numel) {
  return elementwise(numel, [](float v) TWOFOUR_INLINE {
    return 0.5F * v * (1.0F + vector_tanh(0.79788456F * (v + 0.044715F * v * v * v)));
  });
}

/// gamma * v for v >= 0, else gamma * alpha * (e^v - 1).
std::unique_ptr<Kernel> selu(int64_t numel, float gamma, float alpha) {
  return elementwise(numel, [gamma, slope = gamma * alpha](float v) TWOFOUR_INLINE {
    const float negative = slope * vector_expm1_of_negative(v);
    return v < 0 ? negative : gamma * v;
  });
}

std::unique_ptr<Kernel> celu(int64_t numel, float alpha) {
  return elementwise(numel, [alpha](float v) TWOFOUR_INLINE {
    const float negative = alpha * vector_expm1_of_negative(v / alpha);
    return v < 0 ? negative : v;
  });
}

/// The operators that are activations of fused nodes too, with their alpha and beta.
std::optional<ops::Activation> activation_of(const NodeDesc& node) {
  using Kind = ops::Activation::Kind;
  const auto alpha = [&](float otherwise) { return node.attrs.f("alpha", otherwise); };
  if (node.op == "Relu") return ops::Activation{Kind::kRelu};
  if (node.op == "LeakyRelu") return ops::Activation{Kind::kLeakyRelu, alpha(0.01F)};
  if (node.op == "Sigmoid") return ops::Activation{Kind::kSigmoid};
  if (node.op == "Tanh") return ops::Activation{Kind::kTanh};
  if (node.op == "Swish") return ops::Activation{Kind::kSwish, alpha(1)};
  if (node.op == "HardSigmoid")
    return ops::Activation{Kind::kHardSigmoid, alpha(0.2F), node.attrs.f("beta", 0.5F)};
  if (node.op == "HardSwish") return ops::Activation{Kind::kHardSwish};
  if (node.op == "Gelu" && node.attrs.s("approximate", "none") == "none") return ops::Activation{Kind::kGelu};
  return std::nullopt;
}

std::unique_ptr<Kernel> make_unary(const NodeDesc& node) {
  const int64_t numel = node.outputs[0].shape.numel();
  if (const auto activation = activation_of(node))
    return make_kernel([activation = *activation, numel](const KernelArgs& args) {
      apply_activation(activation, args.in<float>(0), args.out<float>(), numel);
    });
  if (node.op == "Neg") return elementwise(numel, [](float v) { return -v; });
  if (node.op == "Abs") return elementwise(numel, [](float v) { return std::abs(v); });
  if (node.op == "Sqrt") return elementwise(numel, [](float v) { return std::sqrt(v); });
  if (node.op == "Exp") return elementwise(numel, [](float v) TWOFOUR_INLINE { return vector_exp(v); });
  if (node.op == "Log") return elementwise(numel, [](float v) { return std::log(v); });
  if (node.op == "Erf") return elementwise(numel, [](float v) TWOFOUR_INLINE { return vector_erf(v); });
  if (node.op == "Mish") return elementwise(numel, [](float v) TWOFOUR_INLINE { return vector_mish(v); });
  if (node.op == "Reciprocal") return elementwise(numel, [](float v) { return 1.0F / v; });
  if (node.op == "Elu") return selu(numel, 1, node.attrs.f("alpha", 1));
  if (node.op == "Celu") return celu(numel, node.attrs.f("alpha", 1));
  if (node.op == "Selu")
    return selu(numel, node.attrs.f("gamma", 1.05070102214813232421875F),
                node.attrs.f("alpha", 1.67326319217681884765625F));
  if (node.op == "Gelu") return tanh_gelu(numel);
  if (node.op == "Pow") return power(node);
  return clip(node);
}

class NativeUnary final : public OpTactic {
 public:
  NativeUnary()
      : OpTactic("native.unary",
                 {"Abs",         "Celu",      "Clip",      "Elu",     "Erf",  "Exp",   "Gelu",
                  "HardSigmoid", "HardSwish", "LeakyRelu", "Log",     "Mish", "Neg",   "Pow",
                  "Reciprocal",  "Relu",      "Selu",      "Sigmoid", "Sqrt", "Swish", "Tanh"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input == 0 && same_layout(node.inputs[0].desc, node.outputs[0]);
  }
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_unary(node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.op == "Pow") return power_ok(node);
    if (const float alpha = node.attrs.f("alpha", 1); node.op == "Celu" && !(alpha > 0 && alpha < INFINITY))
      return declined(Reason::kAttribute, "alpha is not positive and finite");
    return all_of({all_f32(node), any_one_format(node)});
  }

 private:
  static Support power_ok(const NodeDesc& node) {
    if (!node.is_constant(1) || !node.inputs[1].data.defined() || node.inputs[1].data.numel() != 1 ||
        !is_float(node.inputs[1].desc.dtype))
      return declined(Reason::kAttribute, "the exponent is not one constant number");
    if (node.inputs[0].desc.dtype != DType::kF32)
      return declined(Reason::kDtype, node.inputs[0].desc.to_string());
    return same_layout(node.inputs[0].desc, node.outputs[0])
               ? supported()
               : declined(Reason::kShape, node.outputs[0].to_string());
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeUnary)

}  // namespace twofour::cpu
