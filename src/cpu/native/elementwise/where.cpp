// Where on tensors that broadcast, any type, either format.
#include "cpu/native/loop_nest.h"
#include "cpu/native/simd.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

struct Steps {
  int64_t condition, x, y;
};

template <typename T>
void pick(int64_t n, const uint8_t* condition, const T* x, const T* y, const Steps& step, T* dst) {
  run_simd([=]() TWOFOUR_INLINE {
    if (step.condition == 1 && step.x == 1 && step.y == 1) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = condition[i] ? x[i] : y[i];
    } else if (step.condition == 1 && step.x == 1 && step.y == 0) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = condition[i] ? x[i] : *y;
    } else if (step.condition == 1 && step.x == 0 && step.y == 1) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = condition[i] ? *x : y[i];
    } else {
      for (int64_t i = 0; i < n; ++i) dst[i] = condition[i * step.condition] ? x[i * step.x] : y[i * step.y];
    }
  });
}

template <typename T>
std::unique_ptr<Kernel> make_where(const NodeDesc& node) {
  const TensorDesc& dst = node.outputs[0];
  const auto strides = [&](size_t i) { return broadcast_strides_in_memory(node.inputs[i].desc, dst.shape); };
  const auto nest =
      LoopNest<4>::make(dst.shape, {strides_in_memory(dst), strides(0), strides(1), strides(2)});
  return make_kernel([nest](const KernelArgs& args) {
    const auto& step = nest.inner_strides();
    nest.for_each_run(kLongestRun, [&](int64_t n, const std::array<int64_t, 4>& at) {
      pick(n, args.in<uint8_t>(0) + at[1], args.in<T>(1) + at[2], args.in<T>(2) + at[3],
           {step[1], step[2], step[3]}, args.out<T>() + at[0]);
    });
  });
}

class NativeWhere final : public OpTactic {
 public:
  NativeWhere() : OpTactic("native.where", {"Where"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return same_layout(node.inputs[input].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return dispatch_size(dtype_size(node.outputs[0].dtype),
                         [&]<typename T>(T) { return make_where<T>(node); });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    return all_of({any_one_format(node), none_empty(node), ranks_ok(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeWhere)

}  // namespace twofour::cpu
