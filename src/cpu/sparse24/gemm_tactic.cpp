// Gemm, FusedGemm, MatMul and FusedMatMul whose second matrix is a constant 2:4 weight: dst [N, M] = a [N, K]
// x b [K, M].
#include "base/parallel.h"
#include "cpu/sparse24/linear.h"
#include "cpu/sparse24/tactic_support.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kA = 0, kB = 1, kBias = 2;

struct Sizes {
  int64_t items, m, k;
};

// MatMul's leading dimensions of `a` are items too; they lie one after the other.
Sizes sizes_of(const NodeDesc& node) {
  const Shape& a = node.inputs[kA].desc.shape;
  const Shape& dst = node.outputs[0].shape;
  const int64_t m = dst[dst.rank() - 1];
  return {dst.numel() / m, m, a[a.rank() - 1]};
}

auto compressed(const NodeDesc& node) {
  const Sizes sizes = sizes_of(node);
  const auto b = node.inputs[kB].data.span<float>();
  if (node.attrs.i("transB", 0) != 0) return backend::compress24(b, sizes.m, sizes.k);
  std::vector<float> rows(b.size());
  for (int64_t k = 0; k < sizes.k; ++k)
    for (int64_t m = 0; m < sizes.m; ++m)
      rows[static_cast<size_t>(m * sizes.k + k)] = b[static_cast<size_t>(k * sizes.m + m)];
  return backend::compress24(rows, sizes.m, sizes.k);
}

class LinearKernel final : public Kernel {
 public:
  LinearKernel(std::unique_ptr<Sparse24Conv2d> linear, const NodeDesc& node)
      : linear_(std::move(linear)), late_(node), threads_(max_threads()) {}
  size_t scratch_bytes() const override { return linear_->scratch_bytes(threads_); }
  std::vector<std::span<const std::byte>> own_constants() const override { return {linear_->code()}; }
  void run(const KernelArgs& args) const override {
    linear_->run(args.in<float>(kA), nullptr, args.out<float>(), args.scratch, threads_);
    late_.run(args.out<float>());
  }

 private:
  std::unique_ptr<Sparse24Conv2d> linear_;
  LateActivation late_;
  int threads_;
};

class Sparse24Linear final : public OpTactic {
 public:
  Sparse24Linear() : OpTactic("sparse24.gemm", {"Gemm", "FusedGemm", "MatMul", "FusedMatMul"}) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  std::vector<Tensor> pack(const NodeDesc& node) const override {
    return packed_weight(
        std::get<backend::Sparse24Matrix>(compressed(node)),
        node.has_input(kBias) ? node.inputs[kBias].data.reshaped({sizes_of(node).m}) : Tensor());
  }

  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const Sizes sizes = sizes_of(node);
    const PackedWeight weight = unpack(node, packed, sizes.m, sizes.k, false);
    auto made = create_sparse24_linear(weight.matrix, sizes.items, ItemLayout::kRows, weight.epilogue);
    TWOFOUR_CHECK(made.support, kFailedPrecondition, "{}: {}", node.label(), made.support.to_string());
    return std::make_unique<LinearKernel>(std::move(made.kernel), node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const Shape& b = node.inputs[kB].desc.shape;
    if (Support no = all_of({sparse24_node_ok(node), all_plain(node)}); !no) return no;
    if (b.rank() != 2 || node.inputs[kA].desc.shape.rank() < 2)
      return declined(Reason::kShape, b.to_string());
    if (node.attrs.i("transA", 0) != 0) return declined(Reason::kAttribute, "transA");
    if (node.attrs.f("alpha", 1) != 1 || node.attrs.f("beta", 1) != 1)
      return declined(Reason::kAttribute, "alpha and beta other than 1");
    const Sizes sizes = sizes_of(node);
    if (node.has_input(kBias) && node.inputs[kBias].desc.shape.numel() != sizes.m)
      return declined(Reason::kShape, "bias " + node.inputs[kBias].desc.to_string());
    if (sizes.k % 4 != 0) return declined(Reason::kAxisNotMultipleOf4, fmt::format("K = {}", sizes.k));
    if (Support no = sparse24_code_ok(sizes.m, sizes.k); !no) return no;
    if (!node.inputs[kB].data.defined()) return supported();
    return sparse24_pattern_ok(compressed(node));
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Linear)

}  // namespace twofour::cpu
