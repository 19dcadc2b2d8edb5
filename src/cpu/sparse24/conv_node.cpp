#include "cpu/sparse24/conv_node.h"

#include "cpu/onednn/conv_problem.h"
#include "cpu/sparse24/conv2d.h"
#include "ops/convolution/conv_geometry.h"

namespace twofour::cpu {
namespace {

constexpr size_t kSrc = 0, kWeight = 1, kResidual = 3;

Support residual_ok(const NodeDesc& node) {
  if (!node.has_input(kResidual)) return supported();
  const TensorDesc& residual = node.inputs[kResidual].desc;
  if (!node.is_constant(kResidual) && same_layout(residual, node.outputs[0])) return supported();
  return declined(Reason::kShape, "residual " + residual.to_string());
}

}  // namespace

ConvShape conv_shape_of(const NodeDesc& node) {
  const ops::Conv2d v =
      ops::conv2d_from(node.attrs, node.inputs[kSrc].desc.shape, node.inputs[kWeight].desc.shape);
  const Format format = onednn::conv_format(node.inputs[kSrc].desc, node.outputs[0]);
  return {.layout = format == Format::kPlain ? ImageLayout::kNchw : ImageLayout::kNhwc,
          .batch = v.n,
          .c = v.c,
          .h = v.h,
          .w = v.w,
          .k = v.k,
          .groups = v.groups,
          .r = v.r(),
          .s = v.s(),
          .stride_h = v.window.stride[0],
          .stride_w = v.window.stride[1],
          .pad_top = v.window.pads[0],
          .pad_left = v.window.pads[1],
          .pad_bottom = v.window.pads[2],
          .pad_right = v.window.pads[3],
          .dilation_h = v.window.dilation[0],
          .dilation_w = v.window.dilation[1]};
}

Support conv_node_ok(const NodeDesc& node, ProductKind kind) {
  const TensorDesc& weight = node.inputs[kWeight].desc;
  if (weight.shape.rank() > 4) return declined(Reason::kShape, "three spatial axes: " + weight.to_string());
  if (Support no = all_of({onednn::conv_shapes_ok(node.inputs[kSrc].desc, weight, node.outputs[0]),
                           sparse24_node_ok(node, kind), residual_ok(node)});
      !no)
    return no;
  if (weight.shape[1] % 4 == 0) return supported();
  return declined(node.attrs.i("group", 1) == 1 ? Reason::kAxisNotMultipleOf4 : Reason::kGrouped,
                  fmt::format("C / group = {}", weight.shape[1]));
}

std::variant<backend::Sparse24Matrix, backend::Sparse24Violation> compress_conv(const NodeDesc& node) {
  const ConvShape shape = conv_shape_of(node);
  const Tensor weight = as_f32(node.inputs[kWeight].data);
  const auto rows = conv_weights_rsc(weight.span<float>(), shape.k, shape.group_c(), shape.r, shape.s);
  return backend::compress24(rows, shape.k, shape.gemm_k());
}

Support conv_pattern_ok(const NodeDesc& node) {
  if (!node.inputs[kWeight].data.defined()) return supported();
  return sparse24_pattern_ok(compress_conv(node));
}

}  // namespace twofour::cpu
