#include "cpu/onednn/conv_problem.h"

#include <numeric>

namespace twofour::cpu::onednn {

namespace {

/// Axes of src and dst: one spatial axis is handed over as two, the first of size 1.
size_t library_rank(const Shape& src) { return std::max<size_t>(src.rank(), 4); }

}  // namespace

ConvProblem::ConvProblem(const Attrs& attrs, const Shape& src_shape, const Shape& weight_shape) {
  const ops::Conv3d v = ops::conv3d_from(attrs, src_shape, weight_shape);
  const size_t rank = library_rank(src_shape);
  src = {v.n, v.c};
  weight = {v.k, v.c / v.groups};
  if (v.groups > 1) weight = {v.groups, v.k / v.groups, v.c / v.groups};
  bias = {v.k};
  dst = {v.n, v.k};
  for (size_t i = 5 - rank; i < 3; ++i) {
    src.push_back(v.in[i]);
    weight.push_back(v.window.kernel[i]);
    dst.push_back(v.out[i]);
    strides.push_back(v.window.stride[i]);
    dilates.push_back(v.window.dilation[i] - 1);
    pads_begin.push_back(v.window.pads[i]);
    pads_end.push_back(v.window.pads[i + 3]);
  }
}

memory::desc ConvProblem::plain_weight(DType dtype) const {
  return desc_of({dtype, Shape(std::vector<int64_t>(weight)), Format::kPlain});
}

Support blocking_pays(const ConvProblem& problem) {
  constexpr int64_t kFewPixels = 100;  // below, the matrix products are too small (measured on Zen 5)
  const auto one = [](memory::dim v) { return v == 1; };
  const auto spatial = static_cast<ptrdiff_t>(problem.strides.size());
  const bool pointwise = std::all_of(problem.weight.end() - spatial, problem.weight.end(), one) &&
                         std::ranges::all_of(problem.strides, one) &&
                         std::accumulate(problem.dst.begin() + 2, problem.dst.end(), int64_t{1},
                                         std::multiplies()) >= kFewPixels;
  return pointwise ? declined(Reason::kSlower, "a 1x1 convolution is a matrix product in plain order")
                   : supported();
}

Format conv_format(const TensorDesc& src, const TensorDesc& dst) {
  if (src.shape.rank() != 4) return Format::kPlain;
  if (!is_order_neutral(src)) return src.format;
  return is_order_neutral(dst) ? Format::kChannelsLast : dst.format;
}

memory::desc desc_in(const TensorDesc& desc, Format format) {
  Shape shape = desc.shape;
  if (shape.rank() == 3) shape = {shape[0], shape[1], 1, shape[2]};
  return desc_of({desc.dtype, shape, format});
}

Support conv_shapes_ok(const TensorDesc& src, const TensorDesc& weight, const TensorDesc& dst) {
  for (const TensorDesc* desc : {&src, &weight, &dst})
    if (desc->shape.rank() < 3 || desc->shape.rank() > 5 || desc->shape.numel() == 0)
      return declined(Reason::kShape, desc->to_string());
  if (weight.format != Format::kPlain && !is_order_neutral(weight))
    return declined(Reason::kFormat, "weight " + weight.to_string());
  if (src.format != dst.format && !is_order_neutral(src) && !is_order_neutral(dst))
    return declined(Reason::kFormat, "src and dst differ");
  return supported();
}

bool conv_in_place(const NodeDesc& node, size_t input, size_t output, size_t residual) {
  return input == residual && output == 0 && node.has_input(residual) && !node.is_constant(residual) &&
         same_layout(node.inputs[residual].desc, node.outputs[0]);
}

}  // namespace twofour::cpu::onednn
