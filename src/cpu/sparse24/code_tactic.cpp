// QuantizedConv and QuantizedMatMul with constant 2:4 weights.
#include "base/parallel.h"
#include "cpu/sparse24/code_node.h"
#include "cpu/sparse24/conv2d.h"
#include "cpu/sparse24/kernel_parameters.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

class CodeKernel final : public Kernel {
 public:
  CodeKernel(std::unique_ptr<Sparse24Conv2d> conv, const NodeDesc& node)
      : conv_(std::move(conv)), threads_(max_threads()) {
    if (node.outputs[0].dtype == DType::kF32) late_.emplace(node);
  }
  size_t scratch_bytes() const override { return conv_->scratch_bytes(threads_); }
  std::vector<std::span<const std::byte>> own_constants() const override { return {conv_->code()}; }
  void run(const KernelArgs& args) const override {
    conv_->run(args.in<float>(kCodeSrc), args.in<float>(kCodeResidual), args.out<float>(), args.scratch,
               threads_);
    if (late_) late_->run(args.out<float>());
  }

 private:
  std::unique_ptr<Sparse24Conv2d> conv_;
  std::optional<LateActivation> late_;  // of f32
  int threads_;
};

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
    return input == kCodeResidual && output == 0 && node.has_input(kCodeResidual);
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override { return packed_codes(node); }

  std::string packed_form(const NodeDesc& node) const override { return code_packed_form(node); }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    PackedCodes weight = unpack_codes(node, packed);
    const bool residual = node.has_input(kCodeResidual);
    const bool real = node.outputs[0].dtype == DType::kF32;
    if (real) add_f32_epilogue(node, residual, weight.epilogue);
    const bool late = !real && !make_codes(node, weight.shape, weight.epilogue);
    auto made = Sparse24Conv2d::create(weight.matrix, weight.shape, weight.epilogue, code_options(options()));
    TWOFOUR_CHECK(made.support, kFailedPrecondition, "{}: {}", node.label(), made.support.to_string());
    if (late)
      made.kernel->write_codes({node.attrs, residual ? &node.inputs[kCodeResidual].desc : nullptr}, residual);
    return std::make_unique<CodeKernel>(std::move(made.kernel), node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = code_node_ok(node); !no) return no;
    if (node.inputs[kCodeWeight].data.defined())
      if (Support no = sparse24_pattern_ok(compress_codes(node)); !no) return no;
    const ConvShape shape = code_shape_of(node);
    return sparse24_code_ok(shape.k, shape.gemm_k(), code_options({}));
  }
  ConvBlocking blocking(const NodeDesc& node, const Sparse24Options& options) const override {
    return conv_blocking(code_shape_of(node), code_options(options));
  }

 private:
  static Sparse24Options code_options(Sparse24Options options) {
    options.codes = true;
    return options;
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Codes)

}  // namespace twofour::cpu
