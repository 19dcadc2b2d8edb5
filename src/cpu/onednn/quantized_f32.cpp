#include "cpu/onednn/quantized_f32.h"

#include "base/parallel.h"
#include "cpu/native/normalisation/batch_norm.h"
#include "cpu/native/quantisation/coded_result.h"

namespace twofour::cpu::onednn {
namespace {

constexpr int64_t kGrain = 16384;  // elements for one thread

dnnl::primitive_desc make_product(const QuantizedProduct& product) {
  return product.make(with_type(product.src, DType::kF32), any_of(product.weight.dims(), DType::kF32),
                      with_type(product.dst, DType::kF32), user_scratchpad(), false);
}

memory::desc packed_order(const QuantizedProduct& product) {
  return onednn::packed_order([&] { return make_product(product); });
}

/// Codes of an input, less their zero point, as f32 in scratch memory.
class Widening {
 public:
  Widening() = default;
  Widening(const NodeDesc& node, size_t input, size_t zero_point, ScratchLayout& layout)
      : input_(input),
        count_(node.inputs[input].desc.shape.numel()),
        run_(dequantize_run(node.inputs[input].desc.dtype)),
        zero_point_(node, zero_point),
        scratch_(layout.add(static_cast<size_t>(count_) * sizeof(float))) {}

  const std::byte* load(const PackedInputs& inputs, const KernelArgs& args) const {
    const std::byte* codes = inputs.at(args, input_);
    std::byte* dst = args.scratch + scratch_;
    const int32_t zero_point = zero_point_.value(inputs, args);
    parallel_ranges(count_, kGrain, [&](int64_t begin, int64_t end) {
      constexpr float kOne = 1;
      run_(end - begin, codes + begin, &kOne, &zero_point, 0,
           dst + begin * static_cast<int64_t>(sizeof(float)));
    });
    return dst;
  }

 private:
  size_t input_ = 0;
  int64_t count_ = 0;
  ScaledRun run_ = nullptr;
  ZeroPoint zero_point_;
  size_t scratch_ = 0;
};

/// dst = activation(sums * scale + bias + residual), as f32 or codes.
class Finish {
 public:
  Finish(const NodeDesc& node, const QuantizedProduct& product, ScratchLayout& layout)
      : view_(product.conv ? node.outputs[0] : rows_of(node.outputs[0].shape)),
        one_scale_(node.inputs[kScale].desc.shape.numel() == 1),
        has_bias_(node.has_input(kBias)),
        has_residual_(node.has_input(kResidual)),
        zeros_(static_cast<size_t>(view_.channels)),
        scales_(layout.add(zeros_.size() * sizeof(float))),
        result_(node.attrs) {
    if (!has_residual_) return;
    const DType dtype = node.inputs[kResidual].desc.dtype;
    residual_bytes_ = static_cast<int64_t>(dtype_size(dtype));
    dequantize_ = dequantize_run(dtype);
    residual_scale_ = node.attrs.f("residual_scale", 1);
    residual_zero_point_ = static_cast<int32_t>(node.attrs.i("residual_zero_point", 0));
  }

  /// Changes the sums.
  void run(float* sums, const PackedInputs& inputs, const KernelArgs& args) const {
    const auto* bias = has_bias_ ? reinterpret_cast<const float*>(inputs.at(args, kBias)) : zeros_.data();
    scale_channels(view_, sums, {zeros_.data(), scales(inputs, args), bias}, false, sums);
    const std::byte* residual = has_residual_ ? inputs.at(args, kResidual) : nullptr;
    const int64_t numel = view_.count() * view_.channels;
    parallel_ranges(ceil_div(numel, kBlock), kGrain / kBlock, [&](int64_t begin, int64_t end) {
      for (int64_t at = begin * kBlock; at < std::min(end * kBlock, numel); at += kBlock) {
        const int64_t n = std::min(kBlock, numel - at);
        if (residual) add_residual(residual + at * residual_bytes_, n, sums + at);
        result_.store(sums + at, n, args.dst[0] + at * result_.element_bytes());
      }
    });
  }

 private:
  static constexpr int64_t kBlock = 1024;  // elements that stay in the L1 cache

  static TensorDesc rows_of(const Shape& shape) {
    const int64_t columns = shape.dims().back();
    return {DType::kF32, {shape.numel() / columns, columns}, Format::kPlain};
  }

  /// One for each channel.
  const float* scales(const PackedInputs& inputs, const KernelArgs& args) const {
    const auto* given = reinterpret_cast<const float*>(inputs.at(args, kScale));
    if (!one_scale_) return given;
    auto* all = reinterpret_cast<float*>(args.scratch + scales_);
    std::fill_n(all, view_.channels, *given);
    return all;
  }

  void add_residual(const std::byte* residual, int64_t n, float* values) const {
    std::array<float, kBlock> buffer;
    const auto* real = reinterpret_cast<const float*>(residual);
    if (dequantize_) {
      dequantize_(n, residual, &residual_scale_, &residual_zero_point_, 0,
                  reinterpret_cast<std::byte*>(buffer.data()));
      real = buffer.data();
    }
    for (int64_t i = 0; i < n; ++i) values[i] += real[i];
  }

  ChannelView view_;
  bool one_scale_, has_bias_, has_residual_;
  std::vector<float> zeros_;
  size_t scales_;  // in scratch memory
  int64_t residual_bytes_ = 0;
  ScaledRun dequantize_ = nullptr;  // of the residual; null for f32
  float residual_scale_ = 1;
  int32_t residual_zero_point_ = 0;
  CodedResult result_;
};

class F32Kernel final : public Kernel {
 public:
  F32Kernel(const NodeDesc& node, const QuantizedProduct& product, std::span<const Tensor> packed)
      : packs_(packs_weight(node)),
        src_(node, kSrc, kSrcZeroPoint, layout_),
        finish_(node, product, layout_) {
    const auto desc = make_product(product);
    const memory::desc order = packed_order(product);
    if (packs_) {
      inputs_ = {node, packed, {{kWeight, bytes_of(order)}}};
      weight_ = {order, desc.weights_desc(), inputs_.at({}, kWeight)};
    } else {
      inputs_ = {node, packed, {}};
      widened_ = {node, kWeight, kWeightZeroPoint, layout_};
      weight_ = {with_type(product.weight, DType::kF32), desc.weights_desc(), layout_};
    }
    src_desc_ = desc.src_desc();
    dst_desc_ = desc.dst_desc();
    sums_ = layout_.add(bytes_of(dst_desc_));
    product_ = {desc, layout_};
  }

  size_t scratch_bytes() const override { return layout_.size(); }
  std::vector<std::span<const std::byte>> own_constants() const override { return weight_.own_constants(); }

  void run(const KernelArgs& args) const override {
    std::byte* sums = args.scratch + sums_;
    const std::byte* weight = packs_ ? inputs_.at(args, kWeight) : widened_.load(inputs_, args);
    Arguments arguments;
    arguments.read(DNNL_ARG_SRC, src_desc_, src_.load(inputs_, args))
        .read(DNNL_ARG_WEIGHTS, weight_.desc(), weight_.load(weight, args.scratch))
        .write(DNNL_ARG_DST, dst_desc_, sums);
    product_.run(std::move(arguments), args.scratch);
    finish_.run(reinterpret_cast<float*>(sums), inputs_, args);
  }

 private:
  bool packs_;
  ScratchLayout layout_;
  PackedInputs inputs_;
  Widening src_, widened_;  // the latter of a weight that is not packed
  Weight weight_;
  Finish finish_;
  memory::desc src_desc_, dst_desc_;
  size_t sums_ = 0;  // in scratch memory
  Primitive product_;
};

}  // namespace

Support QuantizedF32::accepts(const NodeDesc& node) const {
  if (Support no = op_.accepts(node); !no) return no;
  return library_accepts([&] { make_product(op_.product(node)); });
}

std::string QuantizedF32::packed_form(const NodeDesc& node) const {
  return order_text(packed_order(op_.product(node)));
}

std::vector<Tensor> QuantizedF32::make_packed(const NodeDesc& node) const {
  return pack_constants(node, [&](size_t input, const Tensor& data) {
    if (input != kWeight || !packs_weight(node)) return data;
    const QuantizedProduct product = op_.product(node);
    return packed_bytes(with_type(product.weight, DType::kF32), packed_order(product),
                        data.to(DType::kF32).raw());
  });
}

std::unique_ptr<Kernel> QuantizedF32::make(const NodeDesc& node, std::span<const Tensor> packed) const {
  return std::make_unique<F32Kernel>(node, op_.product(node), packed);
}

}  // namespace twofour::cpu::onednn
