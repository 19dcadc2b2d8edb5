// Conv and FusedConv through oneDNN. Constant weights are packed into the order that the primitive prefers;
// others (training) are reordered in scratch memory on every run.
#include "cpu/onednn/activation.h"
#include "cpu/onednn/conv_problem.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it
using Forward = dnnl::convolution_forward;

constexpr size_t kSrc = 0, kWeight = 1, kBias = 2, kResidual = 3;

/// Whether activations go to the primitive as they lie, or in the blocked order that it prefers, and by which
/// algorithm. Winograd's (Lavin and Gray 2015) multiplies 2.25 to 4 times less and rounds a little more.
/// kUnpacked: as they lie, and constant weights too.
enum class Way : uint8_t { kAsGiven, kUnpacked, kBlocked, kWinograd };

struct Problem : ConvProblem {
  memory::desc src_desc, dst_desc, weight_desc;  // as they lie outside

  explicit Problem(const NodeDesc& node)
      : ConvProblem(node.attrs, node.inputs[kSrc].desc.shape, node.inputs[kWeight].desc.shape) {
    const Format format = conv_format(node.inputs[kSrc].desc, node.outputs[0]);
    src_desc = desc_in(node.inputs[kSrc].desc, format);
    dst_desc = desc_in(node.outputs[0], format);
    weight_desc = plain_weight(node.inputs[kWeight].desc.dtype);
  }
};

struct Orders {
  memory::desc src, weight, dst;
};

Forward::primitive_desc make_forward(const NodeDesc& node, const Problem& problem, Way way,
                                     const Orders& orders, const ops::Activation& activation) {
  const memory::desc bias = node.has_input(kBias) ? desc_of(node.inputs[kBias].desc) : memory::desc();
  dnnl::post_ops post_ops;
  if (node.has_input(kResidual)) post_ops.append_sum();
  append_activation(activation, post_ops);
  dnnl::primitive_attr attr = user_scratchpad();
  attr.set_post_ops(post_ops);
  const auto algorithm =
      way == Way::kWinograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct;
  return {{dnnl::prop_kind::forward_inference, algorithm, orders.src, orders.weight, bias, orders.dst,
           problem.strides, problem.dilates, problem.pads_begin, problem.pads_end},
          attr,
          cpu_engine()};
}

Forward::primitive_desc make_forward(const NodeDesc& node, const Problem& problem, Way way) {
  const bool blocked = way == Way::kBlocked || way == Way::kWinograd;
  const Orders orders = {
      blocked ? any_of(problem.src, node.inputs[kSrc].desc.dtype) : problem.src_desc,
      any_of(problem.weight, node.inputs[kWeight].desc.dtype),
      blocked ? any_of(problem.dst, node.outputs[0].dtype) : problem.dst_desc,
  };
  return make_forward(node, problem, way, orders, ops::activation_from(node.attrs));
}

memory::desc packed_order(const NodeDesc& node, const Problem& problem, Way way) {
  return onednn::packed_order([&] { return make_forward(node, problem, way); });
}

class ConvKernel final : public Kernel {
 public:
  ConvKernel(const NodeDesc& node, std::span<const Tensor> packed, Way way)
      : has_bias_(node.has_input(kBias)), has_residual_(node.has_input(kResidual)) {
    const Problem problem(node);
    const auto desc = make_forward(node, problem, way);
    const bool packs = way == Way::kAsGiven || way == Way::kBlocked;
    const memory::desc order = packs ? packed_order(node, problem, way) : problem.weight_desc;
    inputs_ = packs ? PackedInputs(node, packed, {{kWeight, bytes_of(order)}}) : PackedInputs(node);
    if (way == Way::kWinograd)
      exact_ = std::make_unique<ConvKernel>(node, std::span<const Tensor>(), Way::kUnpacked);
    src_ = {problem.src_desc, desc.src_desc(), layout_};
    if (exact_) weight_ = {problem.weight_desc, desc.weights_desc(), node.inputs[kWeight].data.raw()};
    else if (inputs_.is_packed(kWeight)) weight_ = {order, desc.weights_desc(), inputs_.at({}, kWeight)};
    else weight_ = {problem.weight_desc, desc.weights_desc(), layout_};
    bias_desc_ = desc.bias_desc();
    dst_ = {desc.dst_desc(), problem.dst_desc, layout_};
    if (has_residual_) residual_ = {problem.dst_desc, desc.dst_desc(), layout_};
    const auto plain = [&] {
      const Orders orders = {desc.src_desc(), desc.weights_desc(), desc.dst_desc()};
      return make_forward(node, problem, way, orders, {});
    };
    conv_ = {ops::activation_from(node.attrs), desc, layout_};
    if (!exact_) conv_.add_plain(plain, layout_);
    if (exact_ || (way != Way::kUnpacked && conv_.drops_nan())) guard_ = make_guard(node, order);
  }

  size_t scratch_bytes() const override {
    return exact_ ? std::max(layout_.size(), exact_->scratch_bytes()) : layout_.size();
  }
  std::vector<std::span<const std::byte>> own_constants() const override { return weight_.own_constants(); }

  void run(const KernelArgs& args) const override {
    const bool safe = guard_.holds(inputs_, args);
    (exact_ && !safe ? *exact_ : *this).multiply(args, safe);
  }

 private:
  void multiply(const KernelArgs& args, bool safe) const {
    std::byte* scratch = args.scratch;
    void* dst = dst_.place(args.dst[0], scratch);
    if (has_residual_) residual_.run(inputs_.at(args, kResidual), dst, scratch);
    Arguments arguments;
    arguments.read(DNNL_ARG_SRC, src_.desc(), src_.load(inputs_.at(args, kSrc), scratch))
        .read(DNNL_ARG_WEIGHTS, weight_.desc(), weight_.load(inputs_.at(args, kWeight), scratch))
        .write(DNNL_ARG_DST, dst_.desc(), dst);
    if (has_bias_) arguments.read(DNNL_ARG_BIAS, bias_desc_, inputs_.at(args, kBias));
    conv_.run(std::move(arguments), safe, scratch, dst);
    dst_.store(args.dst[0], scratch);
  }

  OverflowGuard make_guard(const NodeDesc& node, const memory::desc& order) const {
    const TensorDesc& weight = node.inputs[kWeight].desc;
    OverflowGuard guard(static_cast<double>(weight.shape.numel(1, weight.shape.rank())));
    guard.add(node, inputs_, kSrc, true);
    guard.add(node, inputs_, kWeight, true, static_cast<int64_t>(bytes_of(order) / dtype_size(weight.dtype)));
    guard.add(node, inputs_, kBias, false);
    guard.add(node, inputs_, kResidual, false);
    return guard;
  }

  PackedInputs inputs_;
  /// Winograd's tiles would spread NaN and turn an infinity into NaN: such runs take the plain sums.
  std::unique_ptr<ConvKernel> exact_;
  bool has_bias_, has_residual_;
  ScratchLayout layout_;
  Source src_;
  Weight weight_;
  Conversion residual_;  // into dst, where the sum post-op finds it
  Target dst_;
  memory::desc bias_desc_;
  ActivatedPrimitive conv_;
  OverflowGuard guard_;
};

class OnednnConvBase : public OpTactic {
 public:
  bool packs() const override { return true; }

  std::string packed_form(const NodeDesc& node) const override {
    return order_text(packed_order(node, Problem(node), way_));
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    return pack_constants(node, [&](size_t input, const Tensor& data) {
      if (input != kWeight) return data;
      const Problem problem(node);
      return packed_bytes(problem.weight_desc, packed_order(node, problem, way_), data.raw());
    });
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    return std::make_unique<ConvKernel>(node, packed, way_);
  }

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return conv_in_place(node, input, output);
  }

 protected:
  OnednnConvBase(std::string name, Way way) : OpTactic(std::move(name), {"Conv", "FusedConv"}), way_(way) {}

  Support accepts(const NodeDesc& node) const override {
    const TensorDesc& src = node.inputs[kSrc].desc;
    const TensorDesc& dst = node.outputs[0];
    if (Support no = all_of({conv_shapes_ok(src, node.inputs[kWeight].desc, dst), types_ok(node)}); !no)
      return no;
    if (node.has_input(kResidual) && !same_layout(node.inputs[kResidual].desc, dst))
      return declined(Reason::kShape, "residual " + node.inputs[kResidual].desc.to_string());
    return library_accepts([&] { make_forward(node, Problem(node), way_); });
  }

 private:
  Way way_;
};

/// Activations as they lie between layers.
class OnednnConv final : public OnednnConvBase {
 public:
  OnednnConv() : OnednnConvBase("onednn.conv", Way::kAsGiven) {}
};

/// NCHW activations, reordered to channel blocks for the primitive and back.
class OnednnConvBlocked final : public OnednnConvBase {
 public:
  OnednnConvBlocked() : OnednnConvBase("onednn.conv_blocked", Way::kBlocked) {}

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = OnednnConvBase::accepts(node); !no) return no;
    if (conv_format(node.inputs[kSrc].desc, node.outputs[0]) != Format::kPlain)
      return declined(Reason::kFormat, node.outputs[0].to_string());
    const Problem problem(node);
    if (Support no = blocking_pays(problem); !no) return no;
    const auto desc = make_forward(node, problem, Way::kBlocked);
    return desc.src_desc() != problem.src_desc || desc.dst_desc() != problem.dst_desc
               ? supported()
               : declined(Reason::kFormat, "the library prefers the plain order");
  }
};

/// Activations of either format, reordered to channel blocks and back. Weights are up to four times as large
/// when transformed: engines keep them plain, and every kernel transforms its own. For inference: training
/// keeps to plain sums.
class OnednnConvWinograd final : public OnednnConvBase {
 public:
  OnednnConvWinograd() : OnednnConvBase("onednn.conv_winograd", Way::kWinograd) {}

  bool packs() const override { return false; }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (!node.is_constant(kWeight)) return declined(Reason::kWeightNotConstant);
    return OnednnConvBase::accepts(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnConvWinograd)
TWOFOUR_DEFINE_TACTIC(OnednnConv)
TWOFOUR_DEFINE_TACTIC(OnednnConvBlocked)

}  // namespace twofour::cpu
