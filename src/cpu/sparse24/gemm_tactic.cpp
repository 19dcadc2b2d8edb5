// linear_node.h by gemm.h, f32 or bf16: code generated from the weight, or lists of its values.
#include "cpu/sparse24/kernel_parameters.h"
#include "cpu/sparse24/linear.h"
#include "cpu/sparse24/linear_node.h"
#include "cpu/sparse24/product_kernel.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kResidual = 3;  // of which these operators have none

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
    return packed_weight(node, std::get<backend::Sparse24Matrix>(compress_linear(node)));
  }

  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const LinearSizes sizes = linear_sizes(node);
    PackedWeight weight = unpack(node, packed, sizes.m, sizes.k);
    auto late = add_real_epilogue(node, false, sizes.m, weight.epilogue);
    return std::make_unique<ProductKernel>(
        create_sparse24_linear(weight.matrix, sizes.items, ItemLayout::kRows, weight.epilogue,
                               of_kind(product_kind(node), options()), std::move(late)),
        node, kResidual);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const ProductKind kind = product_kind(node);
    if (Support no = all_of({sparse24_supports(), linear_node_ok(node, kind)}); !no) return no;
    if (Support no = linear_pattern_ok(node); !no) return no;
    const LinearSizes sizes = linear_sizes(node);
    return sparse24_form(sizes.m, sizes.k, kind);
  }
  ConvBlocking blocking(const NodeDesc& node, const Sparse24Options& options) const override {
    const LinearSizes sizes = linear_sizes(node);
    const ProductKind kind = product_kind(node);
    return conv_blocking(linear_shape(sizes.m, sizes.k, sizes.items, ItemLayout::kRows).as(kind),
                         of_kind(kind, options));
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Linear)

}  // namespace twofour::cpu
