// Conv and FusedConv with constant 2:4 weights.
#include "base/parallel.h"
#include "cpu/onednn/conv_problem.h"
#include "cpu/sparse24/conv2d.h"
#include "cpu/sparse24/tactic_support.h"
#include "cpu/tactics.h"
#include "ops/conv_geometry.h"

namespace twofour::cpu {
namespace {

constexpr size_t kSrc = 0, kWeight = 1, kBias = 2, kResidual = 3;

ConvShape shape_of(const NodeDesc& node) {
  const ops::Conv2d v =
      ops::conv2d_from(node.attrs, node.inputs[kSrc].desc.shape, node.inputs[kWeight].desc.shape);
  const Format format = onednn::conv_format(node.inputs[kSrc].desc, node.outputs[0]);
  return {.layout = format == Format::kPlain ? ImageLayout::kNchw : ImageLayout::kNhwc,
          .batch = v.n,
          .c = v.c,
          .h = v.h,
          .w = v.w,
          .k = v.k,
          .groups = v.groups,
          .r = v.r(),
          .s = v.s(),
          .stride_h = v.window.stride[0],
          .stride_w = v.window.stride[1],
          .pad_top = v.window.pads[0],
          .pad_left = v.window.pads[1],
          .pad_bottom = v.window.pads[2],
          .pad_right = v.window.pads[3],
          .dilation_h = v.window.dilation[0],
          .dilation_w = v.window.dilation[1]};
}

auto compressed(const NodeDesc& node) {
  const ConvShape shape = shape_of(node);
  const auto rows =
      conv_weights_rsc(node.inputs[kWeight].data.span<float>(), shape.k, shape.group_c(), shape.r, shape.s);
  return backend::compress24(rows, shape.k, shape.gemm_k());
}

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

class Sparse24Conv final : public OpTactic {
 public:
  Sparse24Conv() : OpTactic("sparse24.conv", {"Conv", "FusedConv"}) {}

  bool is_sparse() const override { return true; }
  bool packs() const override { return true; }

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return input == kResidual && output == 0 && node.has_input(kResidual) &&
           same_layout(node.inputs[kResidual].desc, node.outputs[0]);
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    return packed_weight(std::get<backend::Sparse24Matrix>(compressed(node)),
                         node.has_input(kBias) ? node.inputs[kBias].data : Tensor());
  }

  std::string packed_form(const NodeDesc&) const override { return ""; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    const ConvShape shape = shape_of(node);
    const PackedWeight weight = unpack(node, packed, shape.k, shape.gemm_k(), node.has_input(kResidual));
    auto made = Sparse24Conv2d::create(weight.matrix, shape, weight.epilogue);
    TWOFOUR_CHECK(made.support, kFailedPrecondition, "{}: {}", node.label(), made.support.to_string());
    return std::make_unique<ConvKernel>(std::move(made.kernel), node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const TensorDesc& src = node.inputs[kSrc].desc;
    const TensorDesc& weight = node.inputs[kWeight].desc;
    if (Support no = all_of({onednn::conv_shapes_ok(src, weight, node.outputs[0]), sparse24_supports(),
                             sparse24_node_ok(node)});
        !no)
      return no;
    if (node.has_input(kResidual) &&
        (node.is_constant(kResidual) || !same_layout(node.inputs[kResidual].desc, node.outputs[0])))
      return declined(Reason::kShape, "residual " + node.inputs[kResidual].desc.to_string());
    if (weight.shape[1] % 4 != 0)
      return declined(node.attrs.i("group", 1) == 1 ? Reason::kAxisNotMultipleOf4 : Reason::kGrouped,
                      fmt::format("C / group = {}", weight.shape[1]));
    if (node.inputs[kWeight].data.defined())
      if (Support no = sparse24_pattern_ok(compressed(node)); !no) return no;
    return sparse24_form(weight.shape[0], weight.shape.numel(1, 4));
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(Sparse24Conv)

}  // namespace twofour::cpu
