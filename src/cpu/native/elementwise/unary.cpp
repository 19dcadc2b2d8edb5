// Elementwise functions of one f32 tensor, in any format and in place.
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 16384;

/// dst = op(src) with op a function object.
template <typename Op>
std::unique_ptr<Kernel> elementwise(int64_t numel, Op op) {
  return make_kernel([=](const KernelArgs& args) {
    parallel_ranges(numel, kGrain, [&](int64_t begin, int64_t end) {
      const float* src = args.in<float>(0);
      float* dst = args.out<float>();
      run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) dst[i] = op(src[i]);
      });
    });
  });
}

std::unique_ptr<Kernel> clip(const NodeDesc& node) {
  const int64_t numel = node.outputs[0].shape.numel();
  return make_kernel(
      [numel, has_low = node.has_input(1), has_high = node.has_input(2)](const KernelArgs& args) {
        const float low = has_low ? *args.in<float>(1) : -INFINITY;
        const float high = has_high ? *args.in<float>(2) : INFINITY;
        parallel_ranges(numel, kGrain, [&](int64_t begin, int64_t end) {
          const float* src = args.in<float>(0);
          float* dst = args.out<float>();
          run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
            for (int64_t i = begin; i < end; ++i) {
              const float v = src[i] < low ? low : src[i];
              dst[i] = high < v ? high : v;
            }
          });
        });
      });
}

std::unique_ptr<Kernel> power(const NodeDesc& node) {
  const int64_t numel = node.outputs[0].shape.numel();
  const float exponent = node.inputs[1].data.to(DType::kF32).span<float>()[0];
  if (exponent == 2) return elementwise(numel, [](float v) { return v * v; });
  if (exponent == 3) return elementwise(numel, [](float v) { return v * v * v; });
  if (exponent == 0.5F) return elementwise(numel, [](float v) { return std::sqrt(v); });
  if (exponent == -1) return elementwise(numel, [](float v) { return 1.0F / v; });
  return elementwise(numel, [exponent](float v) { return std::pow(v, exponent); });
}

std::unique_ptr<Kernel> hard_sigmoid(const NodeDesc& node) {
  return elementwise(node.outputs[0].shape.numel(),
                     [alpha = node.attrs.f("alpha", 0.2F), beta = node.attrs.f("beta", 0.5F)](float v) {
                       const float line = alpha * v + beta;
                       const float low = line < 0.0F ? 0.0F : line;
                       return low > 1.0F ? 1.0F : low;
                     });
}

std::unique_ptr<Kernel> make_unary(const NodeDesc& node) {
  const int64_t numel = node.outputs[0].shape.numel();
  const float alpha = node.attrs.f("alpha", 0.01F);
  if (node.op == "Relu") return elementwise(numel, [](float v) { return v < 0 ? 0.0F : v; });
  if (node.op == "LeakyRelu") return elementwise(numel, [alpha](float v) { return v < 0 ? alpha * v : v; });
  if (node.op == "Neg") return elementwise(numel, [](float v) { return -v; });
  if (node.op == "Abs") return elementwise(numel, [](float v) { return std::abs(v); });
  if (node.op == "Sqrt") return elementwise(numel, [](float v) { return std::sqrt(v); });
  if (node.op == "Log") return elementwise(numel, [](float v) { return std::log(v); });
  if (node.op == "Erf") return elementwise(numel, [](float v) { return std::erf(v); });
  if (node.op == "Reciprocal") return elementwise(numel, [](float v) { return 1.0F / v; });
  if (node.op == "HardSigmoid") return hard_sigmoid(node);
  if (node.op == "Pow") return power(node);
  return clip(node);
}

class NativeUnary final : public OpTactic {
 public:
  NativeUnary()
      : OpTactic("native.unary", {"Relu", "LeakyRelu", "Neg", "Abs", "Sqrt", "Log", "Erf", "Clip",
                                  "Reciprocal", "HardSigmoid", "Pow"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input == 0 && same_layout(node.inputs[0].desc, node.outputs[0]);
  }
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_unary(node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.op == "Pow") return power_ok(node);
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
