// The two gradients of Conv. They carry Conv's attributes plus the shape they must produce.
#include "ops/builder.h"
#include "ops/convolution/conv_product.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void store(std::span<const double> from, std::span<float> to) {
  for (size_t i = 0; i < from.size(); ++i) to[i] = static_cast<float>(from[i]);
}

void check_floats(const Node& node) {
  check_float(node.input(0)->type(), "input 0");
  check_dtype(node.input(1)->type(), node.input(0)->dtype(), "input 1");
}

void infer_data(const Node& node, std::span<ValueType> outputs) {
  check_floats(node);
  const Shape shape = shape_attr(node.attrs(), "src_shape");
  const Conv3d v = conv3d_from(node.attrs(), shape, node.input(1)->shape());
  TWOFOUR_CHECK(node.input(0)->shape() == v.dst_shape(shape.rank()), kInvalidArgument,
                "gradient {} does not fit src_shape {}", node.input(0)->type().to_string(),
                shape.to_string());
  outputs[0] = {node.input(0)->dtype(), to_dims(shape)};
}

void reference_data(const ReferenceArgs& args) {
  const Conv3d v = conv3d_from(args.attrs, args.outputs[0].shape(), args.inputs[1].shape());
  const auto dy = args.inputs[0].span<float>();
  const auto weight = args.inputs[1].span<float>();
  std::vector<double> sum(static_cast<size_t>(args.outputs[0].numel()), 0.0);
  for_each_product(
      v, [&](size_t src, size_t w, size_t dst) { sum[src] += double{dy[dst]} * double{weight[w]}; });
  store(sum, args.outputs[0].span<float>());
}

void infer_weight(const Node& node, std::span<ValueType> outputs) {
  check_floats(node);
  const Shape shape = shape_attr(node.attrs(), "weight_shape");
  const Conv3d v = conv3d_from(node.attrs(), node.input(0)->shape(), shape);
  TWOFOUR_CHECK(node.input(1)->shape() == v.dst_shape(shape.rank()), kInvalidArgument,
                "gradient {} does not fit weight_shape {}", node.input(1)->type().to_string(),
                shape.to_string());
  outputs[0] = {node.input(0)->dtype(), to_dims(shape)};
}

void reference_weight(const ReferenceArgs& args) {
  const Conv3d v = conv3d_from(args.attrs, args.inputs[0].shape(), args.outputs[0].shape());
  const auto src = args.inputs[0].span<float>();
  const auto dy = args.inputs[1].span<float>();
  std::vector<double> sum(static_cast<size_t>(args.outputs[0].numel()), 0.0);
  for_each_product(v, [&](size_t s, size_t w, size_t dst) { sum[w] += double{dy[dst]} * double{src[s]}; });
  store(sum, args.outputs[0].span<float>());
}

}  // namespace

extern const OpDef kConvGradData;
const OpDef kConvGradData = {
    .name = "ConvGradData",
    .doc = "Gradient of Conv with respect to src; attribute src_shape is its shape.",
    .standard = false,
    .inputs = {{"grad_dst"}, {.name = "weight", .row_major = true}},
    .outputs = {{"grad_src"}},
    .attrs = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "src_shape", "strides"},
    .infer = infer_data,
    .reference = reference_data,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kAllow,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 4, 3, 4}}, {.shape = {4, 3, 3, 3}}},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 1, 1}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"src_shape", std::vector<int64_t>{2, 3, 5, 7}}}}},
};

extern const OpDef kConvGradWeight;
const OpDef kConvGradWeight = {
    .name = "ConvGradWeight",
    .doc = "Gradient of Conv with respect to weight; attribute weight_shape is its shape.",
    .standard = false,
    .inputs = {{"src"}, {"grad_dst"}},
    .outputs = {{.name = "grad_weight", .row_major = true}},
    .attrs = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "weight_shape", "strides"},
    .infer = infer_weight,
    .reference = reference_weight,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kAllow,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5, 7}}, {.shape = {2, 4, 3, 4}}},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 1, 1}},
                            {"strides", std::vector<int64_t>{2, 2}},
                            {"weight_shape", std::vector<int64_t>{4, 3, 3, 3}}}}},
};

}  // namespace twofour::ops
