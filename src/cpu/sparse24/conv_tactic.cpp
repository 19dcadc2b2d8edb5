// Conv and FusedConv with constant 2:4 weights, f32 or bf16 (channels last).
#include "cpu/onednn/conv_problem.h"
#include "cpu/sparse24/conv_node.h"
#include "cpu/sparse24/kernel_parameters.h"
#include "cpu/sparse24/product_kernel.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kResidual = 3;

class Sparse24Conv final : public TunableTactic {
 public:
  Sparse24Conv() : TunableTactic("sparse24.conv", {"Conv", "FusedConv"}) { add_variants(*this); }
  Sparse24Conv(const Sparse24Conv& base, const KernelParameters& parameters)
      : TunableTactic(base, parameters) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return onednn::conv_in_place(node, input, output);
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    return packed_weight(node, std::get<backend::Sparse24Matrix>(compress_conv(node)));
  }

  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const ProductKind kind = product_kind(node);
    const ConvShape shape = conv_shape_of(node).as(kind);
    PackedWeight weight = unpack(node, packed, shape.k, shape.gemm_k() * lane_values(kind));
    auto late = add_real_epilogue(node, node.has_input(kResidual), shape.group_k(), weight.epilogue);
    return std::make_unique<ProductKernel>(Sparse24Conv2d::create(weight.matrix, shape, weight.epilogue,
                                                                  of_kind(kind, options()), std::move(late)),
                                           node, kResidual);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const ProductKind kind = product_kind(node);
    if (Support no = all_of({sparse24_supports(), conv_node_ok(node, kind)}); !no) return no;
    const ConvShape shape = conv_shape_of(node);
    if (kind == ProductKind::kBf16 && shape.layout != ImageLayout::kNhwc)
      return declined(Reason::kFormat, node.inputs[0].desc.to_string());
    if (Support no = conv_pattern_ok(node); !no) return no;
    return sparse24_form(shape.k, shape.gemm_k(), kind);
  }
  ConvBlocking blocking(const NodeDesc& node, const Sparse24Options& options) const override {
    const ProductKind kind = product_kind(node);
    return conv_blocking(conv_shape_of(node).as(kind), of_kind(kind, options));
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Conv)

}  // namespace twofour::cpu
