#include "cpu/onednn/quantized_product.h"

namespace twofour::cpu::onednn {

memory::desc QuantizedProduct::per_channel() const {
  memory::dims dims(dst.dims().size(), 1);
  dims[channel_axis] = channels();
  return desc_of({DType::kF32, Shape(dims), Format::kPlain});
}

memory::desc QuantizedProduct::bias() const {
  return conv ? desc_of({DType::kF32, {channels()}, Format::kPlain}) : per_channel();
}

dnnl::primitive_desc QuantizedProduct::make(const memory::desc& of_src, const memory::desc& of_weight,
                                            const memory::desc& of_dst, const dnnl::primitive_attr& attr,
                                            bool has_bias) const {
  const memory::desc added = has_bias ? bias() : memory::desc();
  if (!conv) return dnnl::matmul::primitive_desc({of_src, of_weight, added, of_dst}, attr, cpu_engine());
  return dnnl::convolution_forward::primitive_desc(
      {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, of_src, of_weight, added,
       of_dst, conv->strides, conv->dilates, conv->pads_begin, conv->pads_end},
      attr, cpu_engine());
}

bool packs_weight(const NodeDesc& node) {
  return node.is_constant(kWeight) && node.inputs[kWeight].desc.dtype == DType::kI8 &&
         !node.has_input(kWeightZeroPoint);
}

ZeroPoint::ZeroPoint(const NodeDesc& node, size_t input) : input_(input) {
  if (node.has_input(input)) dtype_ = node.inputs[input].desc.dtype;
}

int32_t ZeroPoint::value(const PackedInputs& inputs, const KernelArgs& args) const {
  if (!dtype_) return 0;
  const std::byte code = *inputs.at(args, input_);
  return *dtype_ == DType::kI8 ? static_cast<int8_t>(code) : static_cast<uint8_t>(code);
}

}  // namespace twofour::cpu::onednn
