// ConvTranspose through oneDNN's deconvolution, activations as they lie or reordered to channel blocks.
#include "cpu/onednn/conv_problem.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

using namespace onednn;  // NOLINT(google-build-using-namespace): this file is an adapter to it
using Forward = dnnl::deconvolution_forward;

constexpr size_t kSrc = 0, kWeight = 1, kBias = 2;

enum class Activations : uint8_t { kAsGiven, kBlocked };

struct Problem {
  memory::desc src, dst, bias, weight_plain;  // as they lie outside
  memory::dims weight, strides, dilates, pads_begin, pads_end;

  explicit Problem(const NodeDesc& node) {
    const TensorDesc& s = node.inputs[kSrc].desc;
    const TensorDesc& d = node.outputs[0];
    const Shape& w = node.inputs[kWeight].desc.shape;  // [C, M / groups, (T,) R, S]
    const Format format = conv_format(s, d);
    src = desc_in(s, format);
    dst = desc_in(d, format);
    if (node.has_input(kBias)) bias = desc_of(node.inputs[kBias].desc);
    const int64_t groups = node.attrs.i("group", 1);
    const int64_t c = w[0] / groups, m = w[1], taps = w.numel() / (w[0] * w[1]);
    weight = {m, c};
    memory::dims steps = {taps, m * taps};
    if (groups > 1) {
      weight.insert(weight.begin(), groups);
      steps.insert(steps.begin(), c * m * taps);
    }
    const size_t spatial = w.rank() - 2;
    if (spatial == 1) add_axis(1, taps, steps, {.in = 1, .out = 1});
    const auto stride = node.attrs.ints("strides", std::vector<int64_t>(spatial, 1));
    const auto dilations = node.attrs.ints("dilations", std::vector<int64_t>(spatial, 1));
    const auto pads = node.attrs.ints("pads", std::vector<int64_t>(2 * spatial, 0));
    int64_t step = taps;
    for (size_t i = 0; i < spatial; ++i) {
      step /= w[i + 2];
      add_axis(w[i + 2], step, steps, {s.shape[i + 2], d.shape[i + 2], stride[i], dilations[i], pads[i]});
    }
    weight_plain = {weight, type_of(s.dtype), steps};
  }

  Forward::primitive_desc make(Activations activations) const {
    const bool blocked = activations == Activations::kBlocked;
    const auto type = src.data_type();
    const auto any = [&](const memory::desc& desc) {
      return memory::desc(desc.dims(), type, memory::format_tag::any);
    };
    return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct,
             blocked ? any(src) : src, memory::desc(weight, type, memory::format_tag::any), bias,
             blocked ? any(dst) : dst, strides, dilates, pads_begin, pads_end},
            user_scratchpad(),
            cpu_engine()};
  }
  memory::desc weight_packed(Activations activations) const {
    return packed_order([&] { return make(activations); });
  }

 private:
  struct Axis {
    int64_t in, out, stride = 1, dilation = 1, pad = 0;
  };

  /// A spatial axis with `kernel` taps, `step` elements apart.
  void add_axis(int64_t kernel, int64_t step, memory::dims& steps, const Axis& axis) {
    weight.push_back(kernel);
    steps.push_back(step);
    strides.push_back(axis.stride);
    dilates.push_back(axis.dilation - 1);
    pads_begin.push_back(axis.pad);
    // output_padding is padding that is not cut.
    pads_end.push_back((axis.in - 1) * axis.stride + (kernel - 1) * axis.dilation + 1 - axis.pad - axis.out);
  }
};

class DeconvKernel final : public Kernel {
 public:
  DeconvKernel(const NodeDesc& node, std::span<const Tensor> packed, Activations activations) {
    const Problem problem(node);
    const auto desc = problem.make(activations);
    const memory::desc order = problem.weight_packed(activations);
    inputs_ = {node, packed, {{kWeight, bytes_of(order)}}};
    src_ = {problem.src, desc.src_desc(), layout_};
    if (inputs_.is_packed(kWeight)) weight_ = {order, desc.weights_desc(), inputs_.at({}, kWeight)};
    else weight_ = {problem.weight_plain, desc.weights_desc(), layout_};
    dst_ = {desc.dst_desc(), problem.dst, layout_};
    bias_ = problem.bias;
    primitive_ = {desc, layout_};
  }

  size_t scratch_bytes() const override { return layout_.size(); }
  std::vector<std::span<const std::byte>> own_constants() const override { return weight_.own_constants(); }

  void run(const KernelArgs& args) const override {
    Arguments arguments;
    arguments.read(DNNL_ARG_SRC, src_.desc(), src_.load(inputs_.at(args, kSrc), args.scratch))
        .read(DNNL_ARG_WEIGHTS, weight_.desc(), weight_.load(inputs_.at(args, kWeight), args.scratch))
        .write(DNNL_ARG_DST, dst_.desc(), dst_.place(args.dst[0], args.scratch));
    if (!bias_.is_zero()) arguments.read(DNNL_ARG_BIAS, bias_, inputs_.at(args, kBias));
    primitive_.run(std::move(arguments), args.scratch);
    dst_.store(args.dst[0], args.scratch);
  }

 private:
  PackedInputs inputs_;
  ScratchLayout layout_;
  Source src_;
  Weight weight_;
  Target dst_;
  memory::desc bias_;
  Primitive primitive_;
};

class OnednnConvTransposeBase : public OpTactic {
 public:
  bool packs() const override { return true; }

  std::string packed_form(const NodeDesc& node) const override {
    return order_text(Problem(node).weight_packed(activations_));
  }

  std::vector<Tensor> make_packed(const NodeDesc& node) const override {
    return pack_constants(node, [&](size_t input, const Tensor& data) {
      if (input != kWeight) return data;
      const Problem problem(node);
      return packed_bytes(problem.weight_plain, problem.weight_packed(activations_), data.raw());
    });
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override {
    return std::make_unique<DeconvKernel>(node, packed, activations_);
  }

 protected:
  OnednnConvTransposeBase(std::string name, Activations activations)
      : OpTactic(std::move(name), {"ConvTranspose"}), activations_(activations) {}

  Support accepts(const NodeDesc& node) const override {
    if (Support no =
            all_of({conv_shapes_ok(node.inputs[kSrc].desc, node.inputs[kWeight].desc, node.outputs[0]),
                    types_ok(node)});
        !no)
      return no;
    if (node.attrs.s("auto_pad", "NOTSET") != "NOTSET" || !node.attrs.ints("output_shape").empty())
      return declined(Reason::kAttribute, "padding from the output's size");
    return library_accepts([&] { Problem(node).make(activations_); });
  }

 private:
  Activations activations_;
};

class OnednnConvTranspose final : public OnednnConvTransposeBase {
 public:
  OnednnConvTranspose() : OnednnConvTransposeBase("onednn.conv_transpose", Activations::kAsGiven) {}
};

/// NCHW activations, reordered for the primitive and back.
class OnednnConvTransposeBlocked final : public OnednnConvTransposeBase {
 public:
  OnednnConvTransposeBlocked()
      : OnednnConvTransposeBase("onednn.conv_transpose_blocked", Activations::kBlocked) {}

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = OnednnConvTransposeBase::accepts(node); !no) return no;
    return conv_format(node.inputs[kSrc].desc, node.outputs[0]) == Format::kPlain
               ? supported()
               : declined(Reason::kFormat, node.outputs[0].to_string());
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(OnednnConvTranspose)
TWOFOUR_DEFINE_TACTIC(OnednnConvTransposeBlocked)

}  // namespace twofour::cpu
