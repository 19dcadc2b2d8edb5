#include "cpu/onednn/quantized_epilogue.h"

#include <cmath>

#include "ops/quantisation/output_codes.h"
#include "ops/strided.h"

namespace twofour::cpu::onednn {
namespace {

/// What makes activation(v) * unit of v * unit, where that is an activation.
std::optional<ops::Activation> in_units(const ops::Activation& activation, float unit) {
  using Kind = ops::Activation::Kind;
  switch (activation.kind) {
    case Kind::kNone:
    case Kind::kRelu:
    case Kind::kLeakyRelu: return activation;
    case Kind::kClip: return ops::Activation{Kind::kClip, activation.low * unit, activation.high * unit};
    default: return std::nullopt;
  }
}

bool is_u8_weight(const NodeDesc& node) { return node.inputs[kWeight].desc.dtype == DType::kU8; }

bool has_weight_zero_point(const NodeDesc& node) {
  return is_u8_weight(node) || node.has_input(kWeightZeroPoint);
}

memory::desc scale_desc(const NodeDesc& node, const QuantizedProduct& product) {
  if (node.inputs[kScale].desc.shape.numel() > 1) return product.per_channel();
  const Shape ones(memory::dims(product.dst.dims().size(), 1));
  return desc_of({DType::kF32, ones, Format::kPlain});
}

void append_residual(const NodeDesc& node, float unit, dnnl::post_ops& post_ops) {
  const DType dtype = node.inputs[kResidual].desc.dtype;
  if (dtype == DType::kF32) return post_ops.append_sum(unit);
  const auto zero_point = static_cast<int32_t>(node.attrs.i("residual_zero_point", 0));
  post_ops.append_sum(node.attrs.f("residual_scale", 1) * unit, zero_point, type_of(dtype));
}

void set_zero_points(const NodeDesc& node, const ops::OutputCodes& codes, dnnl::primitive_attr& attr) {
  const auto set = [&](int argument, int32_t value) { attr.set_zero_points(argument, 0, {value}); };
  if (node.has_input(kSrcZeroPoint)) set(DNNL_ARG_SRC, DNNL_RUNTIME_S32_VAL);
  if (has_weight_zero_point(node)) set(DNNL_ARG_WEIGHTS, DNNL_RUNTIME_S32_VAL);
  if (!codes.is_real() && codes.zero_point != 0) set(DNNL_ARG_DST, static_cast<int32_t>(codes.zero_point));
}

/// `weight` with zeros in some of its channels.
Tensor without(const Tensor& weight, size_t axis, const std::vector<int64_t>& channels) {
  if (channels.empty()) return weight;
  const Tensor result = weight.clone();
  const ops::AxisView view(weight.shape(), axis);
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (const int64_t channel : channels)
      std::fill_n(result.raw() + (outer * view.size + channel) * view.inner, view.inner, std::byte{});
  return result;
}

}  // namespace

bool bakes_scale(const NodeDesc& node) {
  return packs_weight(node) && node.is_constant(kScale) &&
         (!node.has_input(kBias) || node.is_constant(kBias));
}

BakedConstants bake(const NodeDesc& node, const QuantizedProduct& product) {
  const int64_t channels = product.channels();
  const auto given = node.inputs[kScale].data.span<float>();
  Tensor scale(DType::kU8, {channels * static_cast<int64_t>(sizeof(float))});
  Tensor bias = node.has_input(kBias) ? node.inputs[kBias].data.clone() : Tensor();
  auto* scales = reinterpret_cast<float*>(scale.raw());
  std::vector<int64_t> only_bias;
  for (int64_t k = 0; k < channels; ++k) {
    float* added = bias.defined() ? &bias.span<float>()[static_cast<size_t>(k)] : nullptr;
    scales[k] = given[given.size() == 1 ? 0 : static_cast<size_t>(k)];
    if (!std::isnan(scales[k]) && !std::isfinite((added ? *added : 0) / scales[k])) {
      only_bias.push_back(k);
      scales[k] = 1;
    }
    if (added) *added /= scales[k];
  }
  return {without(node.inputs[kWeight].data, product.weight_axis, only_bias), scale, bias};
}

dnnl::primitive_attr epilogue_attributes(const NodeDesc& node, const QuantizedProduct& product,
                                         std::span<const float> scales, const ops::Activation& activation) {
  const ops::OutputCodes codes = ops::output_codes_from(node.attrs);
  const bool baked = bakes_scale(node);
  const float inverse = codes.is_real() ? 1 : 1 / codes.scale;
  const auto folded = baked ? in_units(activation, inverse) : std::nullopt;
  const float unit = folded ? inverse : 1;
  dnnl::primitive_attr attr = user_scratchpad();
  dnnl::post_ops post_ops;
  if (baked) {
    std::vector<float> all(scales.begin(), scales.end());
    for (float& scale : all) scale *= unit;
    attr.set_output_scales(1 << product.channel_axis, all);
  } else {
    post_ops.append_binary(dnnl::algorithm::binary_mul, scale_desc(node, product));
  }
  if (node.has_input(kResidual)) append_residual(node, unit, post_ops);
  if (!baked && node.has_input(kBias))
    post_ops.append_binary(dnnl::algorithm::binary_add, product.per_channel());
  append_activation(folded.value_or(activation), post_ops, inverse / unit);
  attr.set_post_ops(post_ops);
  set_zero_points(node, codes, attr);
  return attr;
}

EpilogueArguments::EpilogueArguments(const NodeDesc& node, const QuantizedProduct& product,
                                     ScratchLayout& layout)
    : one_number_({1}, memory::data_type::s32, memory::format_tag::a) {
  const bool has_bias = node.has_input(kBias);
  const auto of_post_op = [](int at) { return DNNL_ARG_ATTR_MULTIPLE_POST_OP(at) | DNNL_ARG_SRC_1; };
  if (bakes_scale(node)) {
    if (has_bias) vectors_.push_back({DNNL_ARG_BIAS, kBias, product.bias()});
  } else {
    vectors_.push_back({of_post_op(0), kScale, scale_desc(node, product)});
    const int after_sum = node.has_input(kResidual) ? 2 : 1;
    if (has_bias) vectors_.push_back({of_post_op(after_sum), kBias, product.per_channel()});
  }
  const auto add = [&](int argument, size_t input, int32_t shift) {
    offsets_.push_back(
        {DNNL_ARG_ATTR_ZERO_POINTS | argument, ZeroPoint(node, input), shift, layout.add(sizeof(int32_t))});
  };
  if (node.has_input(kSrcZeroPoint)) add(DNNL_ARG_SRC, kSrcZeroPoint, 0);
  if (has_weight_zero_point(node)) add(DNNL_ARG_WEIGHTS, kWeightZeroPoint, is_u8_weight(node) ? -128 : 0);
}

void EpilogueArguments::read(Arguments& arguments, const PackedInputs& inputs, const KernelArgs& args) const {
  for (const Vector& vector : vectors_)
    arguments.read(vector.argument, vector.desc, inputs.at(args, vector.input));
  for (const Offset& offset : offsets_) {
    auto* value = reinterpret_cast<int32_t*>(args.scratch + offset.scratch);
    *value = offset.zero_point.value(inputs, args) + offset.shift;
    arguments.read(offset.argument, one_number_, value);
  }
}

}  // namespace twofour::cpu::onednn
