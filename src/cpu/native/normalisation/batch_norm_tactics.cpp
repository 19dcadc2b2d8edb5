// BatchNormalization, BatchNormTrain (with its ReLU) and BatchNormTrainGrad on f32 in either format. Memory
// is read once for the statistics and once for the result.
#include <cmath>

#include "cpu/native/normalisation/batch_norm.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

/// Arrays of one value per channel in scratch memory.
class ChannelArrays {
 public:
  explicit ChannelArrays(int64_t channels) : bytes_(static_cast<size_t>(channels) * sizeof(double)) {}
  size_t add(ScratchLayout& layout) const { return layout.add(bytes_); }

 private:
  size_t bytes_;
};

template <typename T>
T* at(const KernelArgs& args, size_t offset) {
  return reinterpret_cast<T*>(args.scratch + offset);
}

class InferenceKernel final : public Kernel {
 public:
  explicit InferenceKernel(const NodeDesc& node)
      : view_(node.outputs[0]), epsilon_(static_cast<double>(node.attrs.f("epsilon", 1e-5F))) {
    const ChannelArrays arrays(view_.channels);
    factor_ = arrays.add(layout_);
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    auto* factor = at<float>(args, factor_);
    for (int64_t c = 0; c < view_.channels; ++c) {
      const auto in = [&](size_t i) { return static_cast<double>(args.in<float>(i)[c]); };
      factor[c] = static_cast<float>(in(1) / std::sqrt(in(4) + epsilon_));
    }
    scale_channels(view_, args.in<float>(0), {args.in<float>(3), factor, args.in<float>(2)}, false,
                   args.out<float>());
  }

 private:
  ChannelView view_;
  double epsilon_;
  ScratchLayout layout_;
  size_t factor_;
};

class TrainKernel final : public Kernel {
 public:
  explicit TrainKernel(const NodeDesc& node)
      : view_(node.outputs[0]),
        moments_(view_),
        epsilon_(static_cast<double>(node.attrs.f("epsilon", 1e-5F))),
        momentum_(static_cast<double>(node.attrs.f("momentum", 0.9F))),
        relu_(node.attrs.i("relu", 0) != 0) {
    const ChannelArrays arrays(view_.channels);
    for (size_t* offset : {&mean_, &variance_, &factor_, &shift_}) *offset = arrays.add(layout_);
    partial_ = layout_.add(moments_.scratch_bytes());
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    auto* mean = at<double>(args, mean_);
    auto* variance = at<double>(args, variance_);
    auto* factor = at<float>(args, factor_);
    auto* shift = at<float>(args, shift_);
    moments_.run(args.in<float>(0), mean, variance, args.scratch + partial_);
    for (int64_t c = 0; c < view_.channels; ++c) {
      const auto in = [&](size_t i) { return static_cast<double>(args.in<float>(i)[c]); };
      const auto blend = [&](double running, double now) {
        return static_cast<float>(running * momentum_ + now * (1 - momentum_));
      };
      const double inv_std = 1 / std::sqrt(variance[c] + epsilon_);
      const double f = in(1) * inv_std;
      factor[c] = static_cast<float>(f);
      const auto centre = static_cast<float>(mean[c]);
      shift[c] = static_cast<float>(in(2) - (mean[c] - static_cast<double>(centre)) * f);
      args.out<float>(1)[c] = blend(in(3), mean[c]);
      args.out<float>(2)[c] = blend(in(4), variance[c]);
      args.out<float>(3)[c] = centre;
      args.out<float>(4)[c] = static_cast<float>(inv_std);
    }
    scale_channels(view_, args.in<float>(0), {args.out<float>(3), factor, shift}, relu_, args.out<float>(0));
  }

 private:
  ChannelView view_;
  ChannelMoments moments_;
  double epsilon_, momentum_;
  bool relu_;
  ScratchLayout layout_;
  size_t mean_, variance_, factor_, shift_, partial_;
};

// grad_src = scale * inv_std * (g - sum/count - xhat * dot/count) with xhat = (src - mean) * inv_std, which
// is linear in g and src for every channel.
class GradKernel final : public Kernel {
 public:
  explicit GradKernel(const NodeDesc& node)
      : view_(node.outputs[0]), products_(view_), relu_(node.attrs.i("relu", 0) != 0) {
    const ChannelArrays arrays(view_.channels);
    for (size_t* offset : {&sum_, &product_, &on_grad_, &on_src_, &shift_}) *offset = arrays.add(layout_);
    partial_ = layout_.add(products_.scratch_bytes());
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    const float* grad = args.in<float>(0);
    const float* src = args.in<float>(1);
    const float* gate = relu_ ? args.in<float>(5) : nullptr;
    auto* sum = at<double>(args, sum_);
    auto* product = at<double>(args, product_);
    auto* on_grad = at<float>(args, on_grad_);
    auto* on_src = at<float>(args, on_src_);
    auto* shift = at<float>(args, shift_);
    products_.run(grad, src, gate, args.in<float>(3), sum, product, args.scratch + partial_);
    const auto count = static_cast<double>(view_.count());
    for (int64_t c = 0; c < view_.channels; ++c) {
      const auto in = [&](size_t i) { return static_cast<double>(args.in<float>(i)[c]); };
      const double inv_std = in(4);
      const double dot = product[c] * inv_std;
      const double factor = in(2) * inv_std;
      const double slope = -factor * inv_std * dot / count;
      on_grad[c] = static_cast<float>(factor);
      on_src[c] = static_cast<float>(slope);
      shift[c] = static_cast<float>(-factor * sum[c] / count - slope * in(3));
      args.out<float>(1)[c] = static_cast<float>(dot);
      args.out<float>(2)[c] = static_cast<float>(sum[c]);
    }
    mix_channels(view_, grad, src, gate, {on_grad, on_src, shift}, args.out<float>(0));
  }

 private:
  ChannelView view_;
  ChannelProducts products_;
  bool relu_;
  ScratchLayout layout_;
  size_t sum_, product_, on_grad_, on_src_, shift_, partial_;
};

class NativeBatchNorm final : public OpTactic {
 public:
  NativeBatchNorm()
      : OpTactic("native.batch_norm", {"BatchNormalization", "BatchNormTrain", "BatchNormTrainGrad"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    const TensorDesc& data = node.inputs[input].desc;
    if (node.op == "BatchNormTrain" && output > 0)
      return input == output + 2 && output <= 2;  // running statistics
    const bool is_data = input == 0 || (node.op == "BatchNormTrainGrad" && (input == 1 || input == 5));
    return output == 0 && is_data && same_layout(data, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    if (node.op == "BatchNormalization") return std::make_unique<InferenceKernel>(node);
    if (node.op == "BatchNormTrain") return std::make_unique<TrainKernel>(node);
    return std::make_unique<GradKernel>(node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    return all_of({all_f32(node), any_one_format(node), none_empty(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeBatchNorm)

}  // namespace twofour::cpu
