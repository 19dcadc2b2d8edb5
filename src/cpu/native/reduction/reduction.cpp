// ReduceSum, ReduceMean, GlobalAveragePool and GradNormSquared on f32. The source is seen in memory order as
// groups of axes that are kept or summed in turn; each summed group is one pass, the innermost first.
#include <optional>

#include "base/parallel.h"
#include "cpu/native/loop_nest.h"
#include "cpu/native/reduction/reduce.h"
#include "cpu/tactics.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

/// One flag per axis of input 0; nothing when the axes are not known.
std::optional<std::vector<bool>> summed_axes(const NodeDesc& node) {
  const size_t rank = node.inputs[0].desc.shape.rank();
  if (node.op == "GradNormSquared") return std::vector<bool>(rank, true);
  std::vector<int64_t> axes;
  if (node.op == "GlobalAveragePool") {
    for (size_t i = 2; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
    return ops::axis_flags(axes, rank);
  }
  if (node.op == "ReduceMean") axes = node.attrs.ints("axes");
  if (node.has_input(1)) {
    if (!node.is_constant(1)) return std::nullopt;
    axes = ops::to_ints(node.inputs[1].data);
  }
  if (axes.empty()) return std::vector<bool>(rank, node.attrs.i("noop_with_empty_axes", 0) == 0);
  return ops::axis_flags(axes, rank);
}

/// Axes with more than one element, outermost in memory first.
std::vector<size_t> memory_order(const TensorDesc& desc) {
  std::vector<size_t> order;
  for (size_t i = 0; i < desc.shape.rank(); ++i)
    if (desc.shape[i] != 1) order.push_back(i);
  const auto strides = strides_in_memory(desc);
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return strides[a] > strides[b]; });
  return order;
}

/// Whether what is left of the source, in its memory order, is how dst lies in memory.
bool keeps_order(const NodeDesc& node, const std::vector<bool>& summed) {
  const TensorDesc& src = node.inputs[0].desc;
  std::vector<size_t> kept;  // the axes of src that stand at dst's axes
  for (size_t i = 0; i < summed.size(); ++i)
    if (!summed[i] || node.outputs[0].shape.rank() == src.shape.rank()) kept.push_back(i);
  if (kept.size() != node.outputs[0].shape.rank()) return node.outputs[0].shape.numel() == 1;
  std::vector<size_t> expected;
  for (const size_t axis : memory_order(node.outputs[0])) expected.push_back(kept[axis]);
  std::vector<size_t> actual = memory_order(src);
  std::erase_if(actual, [&](size_t axis) { return summed[axis]; });
  return actual == expected;
}

class ReductionKernel final : public Kernel {
 public:
  ReductionKernel(const NodeDesc& node, const std::vector<bool>& summed) {
    const TensorDesc& src = node.inputs[0].desc;
    numel_ = node.outputs[0].shape.numel();
    if (node.op == "GradNormSquared") term_ = Term::kSquare;
    if (node.op == "ReduceMean" || node.op == "GlobalAveragePool")
      factor_ = static_cast<double>(numel_) / static_cast<double>(src.shape.numel());
    std::vector<std::pair<bool, int64_t>> groups;
    for (const size_t axis : memory_order(src)) {
      if (groups.empty() || groups.back().first != summed[axis]) groups.emplace_back(summed[axis], 1);
      groups.back().second *= src.shape[axis];
    }
    int64_t inner = 1;
    int64_t outer = src.shape.numel();
    for (size_t i = groups.size(); i-- > 0;) {
      const auto [is_summed, size] = groups[i];
      outer /= size;
      if (is_summed) add_pass(outer, size, inner);
      else inner *= size;
    }
    if (passes_.empty()) add_pass(numel_, 1, 1);
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
      for (int64_t i = begin; i < end; ++i) dst[i] = static_cast<float>(from[i] * factor_);
    });
  }

 private:
  struct Pass {
    SumOverAxis sum;
    size_t result, partial;
  };

  void add_pass(int64_t outer, int64_t size, int64_t inner) {
    const SumOverAxis sum(outer, size, inner);
    const size_t result = layout_.add(static_cast<size_t>(outer * inner) * sizeof(double));
    passes_.push_back({sum, result, layout_.add(sum.scratch_bytes())});
  }

  Term term_ = Term::kValue;
  double factor_ = 1;
  int64_t numel_ = 0;
  ScratchLayout layout_;
  std::vector<Pass> passes_;
};

class NativeReduction final : public OpTactic {
 public:
  NativeReduction()
      : OpTactic("native.reduction", {"ReduceSum", "ReduceMean", "GlobalAveragePool", "GradNormSquared"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return std::make_unique<ReductionKernel>(node, *summed_axes(node));
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.inputs[0].desc.dtype != DType::kF32 || node.outputs[0].dtype != DType::kF32)
      return declined(Reason::kDtype, node.inputs[0].desc.to_string());
    if (node.inputs[0].desc.shape.numel() == 0) return declined(Reason::kShape, "nothing to reduce");
    const auto summed = summed_axes(node);
    if (!summed) return declined(Reason::kAttribute, "axes are not constant");
    if (!keeps_order(node, *summed)) return declined(Reason::kFormat, node.outputs[0].to_string());
    return supported();
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeReduction)

}  // namespace twofour::cpu
