// linear_node.h with few items, straight from the compressed weight.
#include "base/parallel.h"
#include "cpu/sparse24/gemv.h"
#include "cpu/sparse24/gemv_format.h"
#include "cpu/sparse24/linear_node.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kA = 0, kB = 1, kBias = 2;

class GemvKernel final : public Kernel {
 public:
  explicit GemvKernel(Sparse24Gemv gemv) : gemv_(std::move(gemv)), threads_(max_threads()) {}
  size_t scratch_bytes() const override { return gemv_.scratch_bytes(); }
  void run(const KernelArgs& args) const override {
    gemv_.run(args.in<float>(kA), args.out<float>(), args.scratch, threads_);
  }

 private:
  Sparse24Gemv gemv_;
  int threads_;
};

class Sparse24LinearCompact final : public OpTactic {
 public:
  Sparse24LinearCompact() : OpTactic("sparse24.gemv", {"Gemm", "FusedGemm", "MatMul", "FusedMatMul"}) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  std::vector<Tensor> pack(const NodeDesc& node) const override {
    std::vector<Tensor> packed = {pack_gemv(std::get<backend::Sparse24Matrix>(compress_linear(node)))};
    if (node.has_input(kBias)) packed.push_back(node.inputs[kBias].data);
    return packed;
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const auto [items, m, k] = linear_sizes(node);
    const PackedInputs inputs(node, packed, kB, gemv_bytes(m, k, sizeof(float)));
    GemvProblem problem = {.items = items, .m = m, .k = k, .activation = ops::activation_from(node.attrs)};
    if (node.has_input(kBias)) problem.bias = packed[1];
    return std::make_unique<GemvKernel>(Sparse24Gemv(std::move(problem), packed[0]));
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({gemv_supports(), linear_node_ok(node)}); !no) return no;
    if (const int64_t items = linear_sizes(node).items; items > kGemvMaxItems)
      return declined(Reason::kShape, fmt::format("N = {} is too large for compact weights, at most {}",
                                                  items, kGemvMaxItems));
    return linear_pattern_ok(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24LinearCompact)

}  // namespace twofour::cpu
