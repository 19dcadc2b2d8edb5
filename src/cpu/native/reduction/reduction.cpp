// Reductions of f32 that add: sums, means and norms.
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/reduction/passes.h"
#include "cpu/native/reduction/reduce.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

class ReductionKernel final : public Kernel {
 public:
  ReductionKernel(const NodeDesc& node, const std::vector<bool>& summed) {
    const TensorDesc& src = node.inputs[0].desc;
    numel_ = node.outputs[0].shape.numel();
    if (node.op == "GradNormSquared" || node.op == "ReduceSumSquare" || node.op == "ReduceL2")
      term_ = Term::kSquare;
    if (node.op == "ReduceL1") term_ = Term::kMagnitude;
    if (node.op == "ReduceL2") finish_ = [](double sum) { return std::sqrt(sum); };
    if (node.op == "ReduceLogSum") finish_ = [](double sum) { return std::log(sum); };
    if (node.op == "ReduceMean" || node.op == "GlobalAveragePool")
      factor_ = static_cast<double>(numel_) / static_cast<double>(src.shape.numel());
    for (const AxisPass& pass : passes_over(src, summed)) {
      const SumOverAxis sum(pass.outer, pass.size, pass.inner);
      const size_t result = layout_.add(static_cast<size_t>(pass.outer * pass.inner) * sizeof(double));
      passes_.push_back({sum, result, layout_.add(sum.scratch_bytes())});
    }
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    const double* from = nullptr;
    for (const Pass& pass : passes_) {
      auto* to = reinterpret_cast<double*>(args.scratch + pass.result);
      if (from) pass.sum.run(from, to, args.scratch + pass.partial);
      else pass.sum.run(args.in<float>(0), to, args.scratch + pass.partial, term_);
      from = to;
    }
    float* dst = args.out<float>();
    parallel_ranges(numel_, 32768, [&](int64_t begin, int64_t end) {
      if (finish_)
        for (int64_t i = begin; i < end; ++i) dst[i] = static_cast<float>(finish_(from[i]));
      else
        for (int64_t i = begin; i < end; ++i) dst[i] = static_cast<float>(from[i] * factor_);
    });
  }

 private:
  struct Pass {
    SumOverAxis sum;
    size_t result, partial;
  };

  Term term_ = Term::kValue;
  double factor_ = 1;
  double (*finish_)(double sum) = nullptr;
  int64_t numel_ = 0;
  ScratchLayout layout_;
  std::vector<Pass> passes_;
};

class NativeReduction final : public OpTactic {
 public:
  NativeReduction()
      : OpTactic("native.reduction", {"ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare",
                                      "ReduceLogSum", "GlobalAveragePool", "GradNormSquared"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return std::make_unique<ReductionKernel>(node, *reduced_axes(node));
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.inputs[0].desc.dtype != DType::kF32 || node.outputs[0].dtype != DType::kF32)
      return declined(Reason::kDtype, node.inputs[0].desc.to_string());
    return reduction_ok(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeReduction)

}  // namespace twofour::cpu
