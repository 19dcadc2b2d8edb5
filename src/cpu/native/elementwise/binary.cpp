// Add, Sub, Mul, Div on f32 with broadcasting, in either format, and ReluGrad.
#include "cpu/native/loop_nest.h"
#include "cpu/native/simd.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kLongestRun = 32768;

using RunFn = void (*)(int64_t n, const float* a, int64_t step_a, const float* b, int64_t step_b, float* dst);

/// One run with steps of 0 or 1 in its own loops, since those are what broadcasting makes.
template <typename Op>
void run_binary(int64_t n, const float* a, int64_t step_a, const float* b, int64_t step_b, float* dst) {
  constexpr Op op;
  if (step_a == 1 && step_b == 1) {
    run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = op(a[i], b[i]);
    });
  } else if (step_a == 1 && step_b == 0) {
    run_simd([=, v = *b]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = op(a[i], v);
    });
  } else if (step_a == 0 && step_b == 1) {
    run_simd([=, v = *a]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = op(v, b[i]);
    });
  } else {
    for (int64_t i = 0; i < n; ++i) dst[i] = op(a[i * step_a], b[i * step_b]);
  }
}

struct AddOf {
  float operator()(float a, float b) const { return a + b; }
};
struct SubOf {
  float operator()(float a, float b) const { return a - b; }
};
struct MulOf {
  float operator()(float a, float b) const { return a * b; }
};
struct DivOf {
  float operator()(float a, float b) const { return a / b; }
};
struct ReluGradOf {
  float operator()(float grad, float value) const { return value > 0 ? grad : 0.0F; }
};

RunFn run_of(const std::string& op) {
  if (op == "Add") return run_binary<AddOf>;
  if (op == "Sub") return run_binary<SubOf>;
  if (op == "Mul") return run_binary<MulOf>;
  if (op == "Div") return run_binary<DivOf>;
  return run_binary<ReluGradOf>;
}

class NativeBinary final : public OpTactic {
 public:
  NativeBinary() : OpTactic("native.binary", {"Add", "Sub", "Mul", "Div", "ReluGrad"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return same_layout(node.inputs[input].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& dst = node.outputs[0];
    const auto nest = LoopNest<3>::make(
        dst.shape, {strides_in_memory(dst), broadcast_strides_in_memory(node.inputs[0].desc, dst.shape),
                    broadcast_strides_in_memory(node.inputs[1].desc, dst.shape)});
    return make_kernel([nest, run = run_of(node.op)](const KernelArgs& args) {
      const auto& step = nest.inner_strides();
      nest.for_each_run(kLongestRun, [&](int64_t n, const std::array<int64_t, 3>& at) {
        run(n, args.in<float>(0) + at[1], step[1], args.in<float>(1) + at[2], step[2],
            args.out<float>() + at[0]);
      });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    return all_of({all_f32(node), any_one_format(node), none_empty(node), ranks_ok(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeBinary)

}  // namespace twofour::cpu
