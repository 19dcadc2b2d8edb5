// code_node.h with few items, or few pixels of a pointwise convolution, straight from the compressed weight.
// Packed: weight, then start, scale and bias of each row.
#include "base/parallel.h"
#include "cpu/sparse24/code_gemv.h"
#include "cpu/sparse24/code_gemv_format.h"
#include "cpu/sparse24/code_node.h"
#include "cpu/tactics.h"
#include "ops/quantisation/fused_product.h"

namespace twofour::cpu {
namespace {

using namespace ops::product_input;  // NOLINT(google-build-using-namespace): a list of names

class CodeGemvKernel final : public Kernel {
 public:
  CodeGemvKernel(Sparse24CodeGemv gemv, const NodeDesc& node)
      : gemv_(std::move(gemv)), threads_(max_threads()) {
    if (node.outputs[0].dtype == DType::kF32) late_.emplace(node);
  }
  size_t scratch_bytes() const override { return gemv_.scratch_bytes(); }
  void run(const KernelArgs& args) const override {
    gemv_.run(args.src[kSrc], args.in<std::byte>(kResidual), args.dst[0], args.scratch, threads_);
    if (late_) late_->run(args.out<float>());
  }

 private:
  Sparse24CodeGemv gemv_;
  std::optional<LateActivation> late_;  // of f32
  int threads_;
};

/// The problem and, of the packed constants, the weight.
std::pair<CodeGemvProblem, Tensor> unpack_compact(const NodeDesc& node, std::span<const Tensor> packed) {
  const ConvShape shape = code_shape_of(node);
  const auto is_rows = [&](size_t i, DType dtype) {
    return packed[i].dtype() == dtype && packed[i].numel() == shape.k;
  };
  TWOFOUR_CHECK(
      packed.size() == 4 && is_rows(1, DType::kI32) && is_rows(2, DType::kF32) && is_rows(3, DType::kF32),
      kDataCorrupt, "{} needs packed 2:4 codes and {} starts, scales and biases", node.label(), shape.k);
  CodeGemvProblem problem = {.items = shape.pixels(),
                             .m = shape.k,
                             .k = shape.gemm_k() * kCodesPerBlock,
                             .is_signed = node.inputs[kSrc].desc.dtype == DType::kI8};
  problem.epilogue.codes = CodeSums{list_of<int32_t>(packed[1]), list_of<float>(packed[2])};
  problem.epilogue.bias = list_of<float>(packed[3]);
  return {std::move(problem), packed[0]};
}

Support items_ok(const NodeDesc& node) {
  const ConvShape shape = code_shape_of(node);
  if (shape.groups != 1) return declined(Reason::kGrouped);
  if (!shape.pointwise()) return declined(Reason::kShape, "not pointwise");
  if (shape.pixels() <= kCodeGemvMaxItems) return supported();
  return declined(Reason::kShape, fmt::format("N = {} is too large for compact weights, at most {}",
                                              shape.pixels(), kCodeGemvMaxItems));
}

class Sparse24CodesCompact final : public OpTactic {
 public:
  Sparse24CodesCompact() : OpTactic("sparse24.codes_compact", {"QuantizedConv", "QuantizedMatMul"}) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return input == kResidual && output == 0 && node.has_input(kResidual);
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    const PackedCodes weight = unpack_codes(node, packed_codes(node));
    const Shape rows{weight.matrix.m};
    return {pack_code_gemv(weight.matrix), Tensor::of<int32_t>(rows, weight.epilogue.codes->start),
            Tensor::of<float>(rows, weight.epilogue.codes->scale),
            Tensor::of<float>(rows, weight.epilogue.bias)};
  }

  std::string packed_form(const NodeDesc& node) const override { return code_packed_form(node); }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    auto [problem, weight] = unpack_compact(node, packed);
    const bool residual = node.has_input(kResidual);
    if (node.outputs[0].dtype == DType::kF32) add_f32_epilogue(node, residual, problem.epilogue);
    else if (!make_codes(node, code_shape_of(node), problem.epilogue))
      problem.codes.emplace(node.attrs, residual ? &node.inputs[kResidual].desc : nullptr);
    return std::make_unique<CodeGemvKernel>(Sparse24CodeGemv(std::move(problem), std::move(weight)), node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({code_gemv_supports(), code_node_ok(node)}); !no) return no;
    if (Support no = items_ok(node); !no) return no;
    if (!node.inputs[kWeight].data.defined()) return supported();
    return sparse24_pattern_ok(compress_codes(node));
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24CodesCompact)

}  // namespace twofour::cpu
