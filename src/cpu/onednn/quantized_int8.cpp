#include "cpu/onednn/quantized_int8.h"

#include "base/parallel.h"
#include "cpu/onednn/quantized_epilogue.h"

namespace twofour::cpu::onednn {
namespace {

memory::desc channels_last(const QuantizedProduct& product, const memory::desc& desc) {
  if (!product.conv) return desc;
  const bool volume = desc.dims().size() == 5;
  return {desc.dims(), desc.data_type(), volume ? memory::format_tag::ndhwc : memory::format_tag::nhwc};
}

dnnl::primitive_desc make_product(const NodeDesc& node, const QuantizedProduct& product,
                                  const memory::desc& weight, std::span<const float> scales,
                                  const ops::Activation& activation) {
  return product.make(channels_last(product, product.src), weight, channels_last(product, product.dst),
                      epilogue_attributes(node, product, scales, activation),
                      bakes_scale(node) && node.has_input(kBias));
}

/// With scales that are not known.
dnnl::primitive_desc make_product(const NodeDesc& node, const QuantizedProduct& product,
                                  const memory::desc& weight) {
  const std::vector<float> scales(static_cast<size_t>(product.channels()), 0.5F);
  return make_product(node, product, weight, scales, ops::activation_from(node.attrs));
}

/// How the primitive reads the weight.
memory::desc weight_order(const NodeDesc& node, const QuantizedProduct& product) {
  if (!product.conv && !packs_weight(node)) return with_type(product.weight, DType::kI8);
  return packed_order([&] { return make_product(node, product, any_of(product.weight.dims(), DType::kI8)); });
}

PackedInputs packed_inputs(const NodeDesc& node, const QuantizedProduct& product, const memory::desc& weight,
                           std::span<const Tensor> packed) {
  const size_t scale_bytes = static_cast<size_t>(product.channels()) * sizeof(float);
  if (bakes_scale(node)) return {node, packed, {{kWeight, bytes_of(weight)}, {kScale, scale_bytes}}};
  if (packs_weight(node)) return {node, packed, {{kWeight, bytes_of(weight)}}};
  return {node, packed, {}};
}

/// dst = src - 128, of u8 as i8.
void subtract_128(const std::byte* src, std::byte* dst, int64_t n) {
  constexpr int64_t kGrain = 65536;
  parallel_ranges(n, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) dst[i] = src[i] ^ std::byte{0x80};
  });
}

class Int8Kernel final : public Kernel {
 public:
  Int8Kernel(const NodeDesc& node, const QuantizedProduct& product, std::span<const Tensor> packed)
      : epilogue_(node, product, layout_) {
    const memory::desc weight = weight_order(node, product);
    inputs_ = packed_inputs(node, product, weight, packed);
    const std::byte* baked = bakes_scale(node) ? inputs_.at({}, kScale) : nullptr;
    const std::span scales(reinterpret_cast<const float*>(baked),
                           baked ? static_cast<size_t>(product.channels()) : 0);
    const auto desc = make_product(node, product, weight, scales, ops::activation_from(node.attrs));
    src_ = {product.src, desc.src_desc(), layout_};
    dst_ = {desc.dst_desc(), product.dst, layout_};
    place_weight(node, product, weight);
    if (node.has_input(kResidual)) {
      const DType dtype = node.inputs[kResidual].desc.dtype;
      residual_ = {with_type(product.dst, dtype), with_type(desc.dst_desc(), dtype), layout_};
      has_residual_ = true;
    }
    product_ = {ops::activation_from(node.attrs), desc, layout_};
    if (node.outputs[0].dtype != DType::kF32) return;
    product_.add_plain([&] { return make_product(node, product, weight, scales, {}); }, layout_);
    if (product_.drops_nan()) guard_ = make_guard(node, product);
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    std::byte* scratch = args.scratch;
    void* dst = dst_.place(args.dst[0], scratch);
    if (has_residual_) residual_.run(inputs_.at(args, kResidual), dst, scratch);
    Arguments arguments;
    arguments.read(DNNL_ARG_SRC, src_.desc(), src_.load(inputs_.at(args, kSrc), scratch))
        .read(DNNL_ARG_WEIGHTS, weight_.desc(), load_weight(args))
        .write(DNNL_ARG_DST, dst_.desc(), dst);
    epilogue_.read(arguments, inputs_, args);
    product_.run(std::move(arguments), guard_.holds(inputs_, args), scratch, dst);
    dst_.store(args.dst[0], scratch);
  }

 private:
  void place_weight(const NodeDesc& node, const QuantizedProduct& product, const memory::desc& order) {
    const TensorDesc& desc = node.inputs[kWeight].desc;
    weight_ = {packs_weight(node) ? order : with_type(product.weight, DType::kI8), order, layout_};
    if (desc.dtype != DType::kU8) return;
    u8_count_ = desc.shape.numel();
    shifted_ = layout_.add(desc.size_bytes());
  }

  const void* load_weight(const KernelArgs& args) const {
    const std::byte* codes = inputs_.at(args, kWeight);
    if (u8_count_ == 0) return weight_.load(codes, args.scratch);
    subtract_128(codes, args.scratch + shifted_, u8_count_);
    return weight_.load(args.scratch + shifted_, args.scratch);
  }

  OverflowGuard make_guard(const NodeDesc& node, const QuantizedProduct& product) const {
    constexpr double kLargestProduct = 255.0 * 255.0;
    OverflowGuard guard(static_cast<double>(product.terms) * kLargestProduct);
    guard.add(node, inputs_, kScale, true, bakes_scale(node) ? product.channels() : 0);
    guard.add(node, inputs_, kBias, false);
    guard.add(node, inputs_, kResidual, false);
    return guard;
  }

  ScratchLayout layout_;
  EpilogueArguments epilogue_;
  PackedInputs inputs_;
  Source src_, weight_;
  int64_t u8_count_ = 0;
  size_t shifted_ = 0;  // u8 weights less 128, in scratch memory
  bool has_residual_ = false;
  Conversion residual_;  // into dst, where the sum post-op finds it
  Target dst_;
  ActivatedPrimitive product_;
  OverflowGuard guard_;
};

/// The sum post-op reads what the result overwrites: codes are added to codes and f32 to f32.
Support residual_ok(const NodeDesc& node) {
  if (!node.has_input(kResidual)) return supported();
  const TensorDesc& residual = node.inputs[kResidual].desc;
  return dtype_size(residual.dtype) == dtype_size(node.outputs[0].dtype)
             ? supported()
             : declined(Reason::kDtype, "residual " + residual.to_string());
}

}  // namespace

Support QuantizedInt8::accepts(const NodeDesc& node) const {
  if (!has_vnni()) return declined(Reason::kNoVnni);
  if (Support no = all_of({op_.accepts(node), residual_ok(node)}); !no) return no;
  const QuantizedProduct product = op_.product(node);
  if (Support no = code_sums_fit(product.terms); !no) return no;
  return library_has_kernel([&] { return make_product(node, product, weight_order(node, product)); });
}

std::string QuantizedInt8::packed_form(const NodeDesc& node) const {
  return order_text(weight_order(node, op_.product(node)));
}

std::vector<Tensor> QuantizedInt8::make_packed(const NodeDesc& node) const {
  const QuantizedProduct product = op_.product(node);
  const bool bakes = bakes_scale(node);
  const BakedConstants baked = bakes ? bake(node, product) : BakedConstants{};
  return pack_constants(node, [&](size_t input, const Tensor& data) {
    if (bakes && input == kScale) return baked.scale;
    if (bakes && input == kBias) return baked.bias;
    if (input != kWeight || !packs_weight(node)) return data;
    return packed_bytes(product.weight, weight_order(node, product), (bakes ? baked.weight : data).raw());
  });
}

std::unique_ptr<Kernel> QuantizedInt8::make(const NodeDesc& node, std::span<const Tensor> packed) const {
  return std::make_unique<Int8Kernel>(node, op_.product(node), packed);
}

}  // namespace twofour::cpu::onednn
