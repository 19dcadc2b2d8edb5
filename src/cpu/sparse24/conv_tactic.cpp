// Conv and FusedConv with constant 2:4 weights.
#include "base/parallel.h"
#include "cpu/onednn/conv_problem.h"
#include "cpu/sparse24/conv2d.h"
#include "cpu/sparse24/conv_node.h"
#include "cpu/sparse24/kernel_parameters.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr size_t kSrc = 0, kBias = 2, kResidual = 3;

class ConvKernel final : public Kernel {
 public:
  ConvKernel(std::unique_ptr<Sparse24Conv2d> conv, const NodeDesc& node)
      : conv_(std::move(conv)), late_(node), threads_(max_threads()) {}
  size_t scratch_bytes() const override { return conv_->scratch_bytes(threads_); }
  std::vector<std::span<const std::byte>> own_constants() const override { return {conv_->code()}; }
  void run(const KernelArgs& args) const override {
    conv_->run(args.in<float>(kSrc), args.in<float>(kResidual), args.out<float>(), args.scratch, threads_);
    late_.run(args.out<float>());
  }

 private:
  std::unique_ptr<Sparse24Conv2d> conv_;
  LateActivation late_;
  int threads_;
};

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
    return packed_weight(std::get<backend::Sparse24Matrix>(compress_conv(node)),
                         node.has_input(kBias) ? node.inputs[kBias].data : Tensor());
  }

  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const ConvShape shape = conv_shape_of(node);
    const PackedWeight weight = unpack(node, packed, shape.k, shape.gemm_k(), node.has_input(kResidual));
    auto made = Sparse24Conv2d::create(weight.matrix, shape, weight.epilogue, options());
    TWOFOUR_CHECK(made.support, kFailedPrecondition, "{}: {}", node.label(), made.support.to_string());
    return std::make_unique<ConvKernel>(std::move(made.kernel), node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({sparse24_supports(), conv_node_ok(node)}); !no) return no;
    if (Support no = conv_pattern_ok(node); !no) return no;
    const ConvShape shape = conv_shape_of(node);
    return sparse24_form(shape.k, shape.gemm_k());
  }
  ConvBlocking blocking(const NodeDesc& node, const Sparse24Options& options) const override {
    return conv_blocking(conv_shape_of(node), options);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Conv)

}  // namespace twofour::cpu
