// QuantizedConv and QuantizedMatMul with constant 2:4 weights.
#include "cpu/sparse24/code_node.h"
#include "cpu/sparse24/code_output.h"
#include "cpu/sparse24/kernel_parameters.h"
#include "cpu/sparse24/product_kernel.h"
#include "cpu/tactics.h"
#include "ops/quantisation/fused_product.h"

namespace twofour::cpu {
namespace {

using namespace ops::product_input;  // NOLINT(google-build-using-namespace): a list of names

class Sparse24Codes final : public TunableTactic {
 public:
  Sparse24Codes() : TunableTactic("sparse24.codes", {"QuantizedConv", "QuantizedMatMul"}) {
    add_variants(*this);
  }
  Sparse24Codes(const Sparse24Codes& base, const KernelParameters& parameters)
      : TunableTactic(base, parameters) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return input == kResidual && output == 0 && node.has_input(kResidual);
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override { return packed_codes(node); }

  std::string packed_form(const NodeDesc& node) const override { return code_packed_form(node); }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    PackedCodes weight = unpack_codes(node, packed);
    const bool residual = node.has_input(kResidual);
    std::unique_ptr<LateOutput> late;
    if (node.outputs[0].dtype == DType::kF32) {
      add_f32_epilogue(node, residual, weight.epilogue);
    } else if (!make_codes(node, weight.shape, weight.epilogue)) {
      weight.epilogue.residual = residual;
      late = std::make_unique<CodeOutput>(node.attrs, residual ? &node.inputs[kResidual].desc : nullptr);
    }
    return std::make_unique<ProductKernel>(
        Sparse24Conv2d::create(weight.matrix, weight.shape, weight.epilogue,
                               of_kind(ProductKind::kCodes, options()), std::move(late)),
        node, kResidual);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = code_node_ok(node); !no) return no;
    if (node.inputs[kWeight].data.defined())
      if (Support no = sparse24_pattern_ok(compress_codes(node)); !no) return no;
    const ConvShape shape = code_shape_of(node);
    return sparse24_form(shape.k, shape.gemm_k() * kCodesPerBlock, ProductKind::kCodes);
  }
  ConvBlocking blocking(const NodeDesc& node, const Sparse24Options& options) const override {
    return conv_blocking(code_shape_of(node), of_kind(ProductKind::kCodes, options));
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Codes)

}  // namespace twofour::cpu
