// ConvGradData and ConvGradWeight through oneDNN. Activations are used as they lie, or (_blocked) reordered
// to channel blocks; weights and their gradients are row-major outside and reordered in scratch memory.
#include "cpu/onednn/conv_problem.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it

enum class Activations : uint8_t { kAsGiven, kBlocked };

/// Both gradients read two tensors and write one; the roles differ.
struct Problem : ConvProblem {
  memory::desc src, weight, dst;  // as they lie outside

  Problem(const NodeDesc& node, const TensorDesc& src_tensor, const TensorDesc& weight_tensor,
          const TensorDesc& dst_tensor)
      : ConvProblem(node.attrs, src_tensor.shape, weight_tensor.shape) {
    const Format format = conv_format(src_tensor, dst_tensor);
    src = desc_in(src_tensor, format);
    weight = plain_weight(weight_tensor.dtype);
    dst = desc_in(dst_tensor, format);
  }
};

/// The descriptors that the library is asked with: the given ones, or the same in any order.
memory::desc asked(const memory::desc& given, bool any) {
  return any ? memory::desc(given.dims(), given.data_type(), memory::format_tag::any) : given;
}

// oneDNN describes a gradient with the help of the forward pass that it belongs to.
dnnl::convolution_forward::primitive_desc forward_hint(const Problem& p, bool blocked) {
  return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, asked(p.src, blocked),
           asked(p.weight, true), asked(p.dst, blocked), p.strides, p.dilates, p.pads_begin, p.pads_end},
          user_scratchpad(),
          cpu_engine()};
}

dnnl::convolution_backward_data::primitive_desc make_data(const Problem& p, bool blocked) {
  return {{dnnl::algorithm::convolution_direct, asked(p.src, blocked), asked(p.weight, true),
           asked(p.dst, blocked), p.strides, p.dilates, p.pads_begin, p.pads_end},
          user_scratchpad(),
          cpu_engine(),
          forward_hint(p, blocked)};
}

dnnl::convolution_backward_weights::primitive_desc make_weight(const Problem& p, bool blocked) {
  return {{dnnl::algorithm::convolution_direct, asked(p.src, blocked), asked(p.weight, true),
           asked(p.dst, blocked), p.strides, p.dilates, p.pads_begin, p.pads_end},
          user_scratchpad(),
          cpu_engine(),
          forward_hint(p, blocked)};
}

class GradKernel final : public Kernel {
 public:
  /// `first`, `second` and `result` in the order of the node: outside and as the primitive wants them.
  struct Tensors {
    std::pair<memory::desc, memory::desc> first, second, result;
    int first_argument, second_argument, result_argument;
  };

  template <typename PrimitiveDesc>
  GradKernel(const PrimitiveDesc& desc, const Tensors& t)
      : arguments_{t.first_argument, t.second_argument, t.result_argument},
        first_(t.first.first, t.first.second, layout_),
        second_(t.second.first, t.second.second, layout_),
        result_(t.result.second, t.result.first, layout_),
        primitive_(desc, layout_) {}

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    std::byte* scratch = args.scratch;
    primitive_.run(Arguments()
                       .read(arguments_[0], first_.desc(), first_.load(args.src[0], scratch))
                       .read(arguments_[1], second_.desc(), second_.load(args.src[1], scratch))
                       .write(arguments_[2], result_.desc(), result_.place(args.dst[0], scratch)),
                   scratch);
    result_.store(args.dst[0], scratch);
  }

 private:
  std::array<int, 3> arguments_;
  ScratchLayout layout_;
  Source first_, second_;
  Target result_;
  Primitive primitive_;
};

class ConvGradTactic : public OpTactic {
 protected:
  ConvGradTactic(std::string name, std::string_view op, Activations activations)
      : OpTactic(std::move(name), {op}), blocked_(activations == Activations::kBlocked) {}

  /// Checks that both kinds share; `make` creates the primitive descriptor.
  template <typename Make>
  Support accepts_problem(const NodeDesc& node, const TensorDesc& src, const TensorDesc& weight,
                          const TensorDesc& dst, const Make& make) const {
    if (Support no = all_of({conv_shapes_ok(src, weight, dst), types_ok(node)}); !no) return no;
    if (blocked_ && conv_format(src, dst) != Format::kPlain)
      return declined(Reason::kFormat, src.to_string());
    const Problem problem(node, src, weight, dst);
    if (Support no = blocked_ ? blocking_pays(problem) : supported(); !no) return no;
    return library_accepts([&] { make(problem, blocked_); });
  }

  bool blocked_;
};

class ConvGradData : public ConvGradTactic {
 public:
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const Problem p(node, node.outputs[0], node.inputs[1].desc, node.inputs[0].desc);
    const auto desc = make_data(p, blocked_);
    return std::make_unique<GradKernel>(desc, GradKernel::Tensors{.first = {p.dst, desc.diff_dst_desc()},
                                                                  .second = {p.weight, desc.weights_desc()},
                                                                  .result = {p.src, desc.diff_src_desc()},
                                                                  .first_argument = DNNL_ARG_DIFF_DST,
                                                                  .second_argument = DNNL_ARG_WEIGHTS,
                                                                  .result_argument = DNNL_ARG_DIFF_SRC});
  }

 protected:
  ConvGradData(std::string name, Activations activations)
      : ConvGradTactic(std::move(name), "ConvGradData", activations) {}
  Support accepts(const NodeDesc& node) const override {
    return accepts_problem(node, node.outputs[0], node.inputs[1].desc, node.inputs[0].desc, make_data);
  }
};

class ConvGradWeight : public ConvGradTactic {
 public:
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const Problem p(node, node.inputs[0].desc, node.outputs[0], node.inputs[1].desc);
    const auto desc = make_weight(p, blocked_);
    return std::make_unique<GradKernel>(desc,
                                        GradKernel::Tensors{.first = {p.src, desc.src_desc()},
                                                            .second = {p.dst, desc.diff_dst_desc()},
                                                            .result = {p.weight, desc.diff_weights_desc()},
                                                            .first_argument = DNNL_ARG_SRC,
                                                            .second_argument = DNNL_ARG_DIFF_DST,
                                                            .result_argument = DNNL_ARG_DIFF_WEIGHTS});
  }

 protected:
  ConvGradWeight(std::string name, Activations activations)
      : ConvGradTactic(std::move(name), "ConvGradWeight", activations) {}
  Support accepts(const NodeDesc& node) const override {
    return accepts_problem(node, node.inputs[0].desc, node.outputs[0], node.inputs[1].desc, make_weight);
  }
};

class OnednnConvGradData final : public ConvGradData {
 public:
  OnednnConvGradData() : ConvGradData("onednn.conv_grad_data", Activations::kAsGiven) {}
};
class OnednnConvGradDataBlocked final : public ConvGradData {
 public:
  OnednnConvGradDataBlocked() : ConvGradData("onednn.conv_grad_data_blocked", Activations::kBlocked) {}
};
class OnednnConvGradWeight final : public ConvGradWeight {
 public:
  OnednnConvGradWeight() : ConvGradWeight("onednn.conv_grad_weight", Activations::kAsGiven) {}
};
class OnednnConvGradWeightBlocked final : public ConvGradWeight {
 public:
  OnednnConvGradWeightBlocked() : ConvGradWeight("onednn.conv_grad_weight_blocked", Activations::kBlocked) {}
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnConvGradData)
TWOFOUR_DEFINE_TACTIC(OnednnConvGradDataBlocked)
TWOFOUR_DEFINE_TACTIC(OnednnConvGradWeight)
TWOFOUR_DEFINE_TACTIC(OnednnConvGradWeightBlocked)

}  // namespace twofour::cpu
