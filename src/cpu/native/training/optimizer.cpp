// SgdUpdate and GradUnscale: one pass over the data each, in place where the buffers are donated.
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 16384;

enum SgdInput : size_t { kParam, kGrad, kMomentum, kRate, kMask, kNonfinite, kClip };

struct SgdStep {
  float rate, clip, momentum, decay;
  bool nesterov;
};

void copy(const float* src, float* dst, int64_t n) {
  if (src != dst) std::memcpy(dst, src, static_cast<size_t>(n) * sizeof(float));
}

/// Elements [begin, end) with the op's formula; `mask` may be null.
void sgd_range(const KernelArgs& args, const SgdStep& s, int64_t begin, int64_t end) {
  const float* param = args.in<float>(kParam);
  const float* grad = args.in<float>(kGrad);
  const float* buffer = args.in<float>(kMomentum);
  const uint8_t* mask = args.in<uint8_t>(kMask);
  float* new_param = args.out<float>(0);
  float* new_buffer = args.out<float>(1);
  const auto update = [=](int64_t i, bool keep) TWOFOUR_INLINE {
    const float g = grad[i] * s.clip + s.decay * param[i];
    const float v = s.momentum * buffer[i] + g;
    const float moved = param[i] - s.rate * (s.nesterov ? g + s.momentum * v : v);
    new_buffer[i] = keep ? v : 0.0F;
    new_param[i] = keep ? moved : 0.0F;
  };
  run_simd([=]() TWOFOUR_INLINE {
    if (mask) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) update(i, mask[i] != 0);
    } else {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) update(i, true);
    }
  });
}

class NativeSgdUpdate final : public OpTactic {
 public:
  NativeSgdUpdate() : OpTactic("native.sgd_update", {"SgdUpdate"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return (input == kParam && output == 0) || (input == kMomentum && output == 1) ||
           (input == kGrad && same_layout(node.inputs[kGrad].desc, node.outputs[output]));
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const SgdStep fixed = {0, 1, node.attrs.f("momentum", 0), node.attrs.f("weight_decay", 0),
                           node.attrs.i("nesterov", 0) != 0};
    return make_kernel([fixed, numel = node.outputs[0].shape.numel()](const KernelArgs& args) {
      const float* nonfinite = args.in<float>(kNonfinite);
      if (nonfinite && *nonfinite != 0) {
        copy(args.in<float>(kParam), args.out<float>(0), numel);
        copy(args.in<float>(kMomentum), args.out<float>(1), numel);
        return;
      }
      SgdStep step = fixed;
      step.rate = *args.in<float>(kRate);
      if (const float* clip = args.in<float>(kClip)) step.clip = *clip;
      parallel_ranges(numel, kGrain, [&](int64_t begin, int64_t end) { sgd_range(args, step, begin, end); });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return any_one_format(node); }
};

class NativeGradUnscale final : public OpTactic {
 public:
  NativeGradUnscale() : OpTactic("native.grad_unscale", {"GradUnscale"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return input == 0 && output == 0 && same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_kernel([numel = node.outputs[0].shape.numel()](const KernelArgs& args) {
      const auto inverse = static_cast<float>(1.0 / static_cast<double>(*args.in<float>(1)));
      std::atomic<bool> nonfinite = false;
      parallel_ranges(numel, kGrain, [&](int64_t begin, int64_t end) {
        const float* src = args.in<float>(0);
        float* dst = args.out<float>();
        float poison = 0;  // a finite value times 0 is 0; inf and NaN give NaN
        run_simd([=, &poison]() TWOFOUR_INLINE {
          float sum = 0;
#pragma omp simd reduction(+ : sum)
          for (int64_t i = begin; i < end; ++i) {
            const float v = src[i];
            sum += v * 0.0F;
            dst[i] = v * inverse;
          }
          poison = sum;
        });
        if (std::isnan(poison)) nonfinite = true;
      });
      *args.out<float>(1) = nonfinite ? 1.0F : 0.0F;
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    return all_of({all_f32(node), any_one_format(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeSgdUpdate)
TWOFOUR_DEFINE_TACTIC(NativeGradUnscale)

}  // namespace twofour::cpu
