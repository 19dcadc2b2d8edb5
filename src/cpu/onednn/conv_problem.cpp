#include "cpu/onednn/conv_problem.h"

namespace twofour::cpu::onednn {

ConvProblem::ConvProblem(const Attrs& attrs, const Shape& src_shape, const Shape& weight_shape) {
  const ops::Conv2d v = ops::conv2d_from(attrs, src_shape, weight_shape);
  src = src_shape.dims();
  weight = weight_shape.dims();
  if (v.groups > 1) weight = {v.groups, v.k / v.groups, v.c / v.groups, v.r(), v.s()};
  bias = {v.k};
  dst = {v.n, v.k, v.p, v.q};
  for (size_t i = 0; i < 2; ++i) {
    strides.push_back(v.window.stride[i]);
    dilates.push_back(v.window.dilation[i] - 1);
    pads_begin.push_back(v.window.pads[i]);
    pads_end.push_back(v.window.pads[i + 2]);
  }
}

memory::desc ConvProblem::plain_weight(DType dtype) const {
  return desc_of({dtype, Shape(std::vector<int64_t>(weight)), Format::kPlain});
}

Support blocking_pays(const ConvProblem& problem) {
  constexpr int64_t kFewPixels = 100;  // below, the matrix products are too small (measured on Zen 5)
  const bool pointwise =
      problem.weight[problem.weight.size() - 1] * problem.weight[problem.weight.size() - 2] == 1 &&
      problem.strides == memory::dims{1, 1} && problem.dst[2] * problem.dst[3] >= kFewPixels;
  return pointwise ? declined(Reason::kSlower, "a 1x1 convolution is a matrix product in plain order")
                   : supported();
}

Format conv_format(const TensorDesc& src, const TensorDesc& dst) {
  if (!is_order_neutral(src)) return src.format;
  return is_order_neutral(dst) ? Format::kChannelsLast : dst.format;
}

memory::desc desc_in(const TensorDesc& desc, Format format) {
  return desc_of({desc.dtype, desc.shape, format});
}

Support conv_shapes_ok(const TensorDesc& src, const TensorDesc& weight, const TensorDesc& dst) {
  for (const TensorDesc* desc : {&src, &weight, &dst})
    if (desc->shape.rank() != 4 || desc->shape.numel() == 0)
      return declined(Reason::kShape, desc->to_string());
  if (weight.format != Format::kPlain && !is_order_neutral(weight))
    return declined(Reason::kFormat, "weight " + weight.to_string());
  if (src.format != dst.format && !is_order_neutral(src) && !is_order_neutral(dst))
    return declined(Reason::kFormat, "src and dst differ");
  return supported();
}

bool conv_in_place(const NodeDesc& node, size_t input, size_t output) {
  constexpr size_t kResidual = 3;
  return input == kResidual && output == 0 && node.has_input(kResidual) && !node.is_constant(kResidual) &&
         same_layout(node.inputs[kResidual].desc, node.outputs[0]);
}

}  // namespace twofour::cpu::onednn
