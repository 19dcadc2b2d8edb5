#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/elementwise/elementwise.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

/// Nullopt when not even their number is known.
std::optional<Dims> target_dims(const Value* shape) {
  check_index(shape->type(), "shape");
  const auto entries = shape_value(shape);
  if (!entries) return std::nullopt;
  Dims dims;
  for (const ShapeEntry& entry : *entries) dims.push_back(entry.dim());
  return dims;
}

void infer_expand(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const auto target = target_dims(node.input(1));
  outputs[0] =
      target ? ValueType{src.dtype, broadcast_dims(src.dims, *target)} : ValueType::unknown(src.dtype);
}

void reference_expand(const ReferenceArgs& args) {
  const Shape& shape = args.outputs[0].shape();
  TWOFOUR_CHECK(broadcast_shapes(args.inputs[0].shape(), shape) == shape, kInvalidArgument,
                "{} does not broadcast to {}", args.inputs[0].shape().to_string(), shape.to_string());
  copy_strided(args.inputs[0], {0, broadcast_strides(args.inputs[0].shape(), shape)}, args.outputs[0],
               {0, shape.strides()}, shape);
}

std::vector<Value*> grad_expand(const GradArgs& args) {
  return {args.builder.unbroadcast(args.grad_outputs[0], args.node.input(0)->shape()), nullptr};
}

/// The one element of attribute `value`; f32 zero without it.
Tensor fill_value(const Attrs& attrs) {
  const Tensor value = attrs.tensor("value");
  if (!value.defined()) return Tensor::scalar(0);
  TWOFOUR_CHECK(value.numel() == 1, kInvalidArgument,
                "attribute value has shape {}; it must have one element", value.shape().to_string());
  return value.reshaped({});
}

void infer_fill(const Node& node, std::span<ValueType> outputs) {
  const DType dtype = fill_value(node.attrs()).dtype();
  const auto target = target_dims(node.input(0));
  outputs[0] = target ? ValueType{dtype, *target} : ValueType::unknown(dtype);
}

void reference_fill(const ReferenceArgs& args) {
  const Shape& shape = args.outputs[0].shape();
  copy_strided(fill_value(args.attrs).to(args.outputs[0].dtype()), {0, std::vector<int64_t>(shape.rank(), 0)},
               args.outputs[0], {0, shape.strides()}, shape);
}

}  // namespace

extern const OpDef kExpand;
const OpDef kExpand = {
    .name = "Expand",
    .doc = "dst = src broadcast against `shape`; a size 1 in `shape` keeps src's size.",
    .inputs = {{"src"}, {.name = "shape", .state = true, .domain = output_sizes}},
    .outputs = {{"dst"}},
    .infer = infer_expand,
    .reference = reference_expand,
    .grad = Grad(grad_expand, "the shape is not a number to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 1}}, example_ints({2, 1, 4})}},
                 {.inputs = {{.shape = {}}, example_ints({2, 3})}},
                 {.inputs = {{.shape = {2, 3, 1}}, example_ints({1, 5})}}},
};

extern const OpDef kConstantOfShape;
const OpDef kConstantOfShape = {
    .name = "ConstantOfShape",
    .doc = "dst = a tensor of shape `shape` filled with attribute `value` (f32 zero by default).",
    .inputs = {{.name = "shape", .state = true, .domain = output_sizes}},
    .outputs = {{"dst"}},
    .attrs = {"value"},
    .infer = infer_fill,
    .reference = reference_fill,
    .grad = not_differentiable("the result does not depend on any number"),
    .amp = Amp::kFixed,
    .quant = quant_float("folded into a constant"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {example_ints({2, 3})}},
                 {.inputs = {example_ints({4})}, .attrs = {{"value", Tensor::i64({7})}}},
                 {.inputs = {example_ints({})}, .attrs = {{"value", Tensor::scalar(2.5F)}}}},
};

}  // namespace twofour::ops
