// linear_node.h by gemm.h: code generated from the weight, or lists of its values.
#include "base/parallel.h"
#include "cpu/sparse24/kernel_parameters.h"
#include "cpu/sparse24/linear.h"
#include "cpu/sparse24/linear_node.h"
#include "cpu/sparse24/tactic_support.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kA = 0, kBias = 2;

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

class Sparse24Linear final : public TunableTactic {
 public:
  Sparse24Linear() : TunableTactic("sparse24.gemm", {"Gemm", "FusedGemm", "MatMul", "FusedMatMul"}) {
    add_variants(*this);
  }
  Sparse24Linear(const Sparse24Linear& base, const KernelParameters& parameters)
      : TunableTactic(base, parameters) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    return packed_weight(
        std::get<backend::Sparse24Matrix>(compress_linear(node)),
        node.has_input(kBias) ? node.inputs[kBias].data.reshaped({linear_sizes(node).m}) : Tensor());
  }

  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const LinearSizes sizes = linear_sizes(node);
    const PackedWeight weight = unpack(node, packed, sizes.m, sizes.k, false);
    auto made =
        create_sparse24_linear(weight.matrix, sizes.items, ItemLayout::kRows, weight.epilogue, options());
    TWOFOUR_CHECK(made.support, kFailedPrecondition, "{}: {}", node.label(), made.support.to_string());
    return std::make_unique<LinearKernel>(std::move(made.kernel), node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({sparse24_supports(), linear_node_ok(node)}); !no) return no;
    if (Support no = linear_pattern_ok(node); !no) return no;
    const LinearSizes sizes = linear_sizes(node);
    return sparse24_form(sizes.m, sizes.k);
  }
  ConvBlocking blocking(const NodeDesc& node, const Sparse24Options& options) const override {
    const LinearSizes sizes = linear_sizes(node);
    return conv_blocking(linear_shape(sizes.m, sizes.k, sizes.items, ItemLayout::kRows), options);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Linear)

}  // namespace twofour::cpu
