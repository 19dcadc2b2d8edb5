#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/pooling/pool_geometry.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// The dims that the pool had before it, without knowledge of what it rounded off.
Dims unpooled(const Attrs& attrs, const Dims& src) {
  TWOFOUR_CHECK(attrs.has("kernel_shape"), kInvalidArgument, "attribute kernel_shape is missing");
  const Window3d window = window_from_attrs(attrs, src, nullptr);
  Dims dims = {src[0], src[1]};
  for (size_t axis = 2; axis < src.size(); ++axis) {
    const size_t i = axis + 3 - src.size();
    TWOFOUR_CHECK(!src[axis].known() || src[axis].value < (int64_t{1} << 31), kResourceExhausted,
                  "a spatial size of {} is too large", src[axis].to_string());
    const int64_t size =
        (src[axis].value - 1) * window.stride[i] - window.pads[i] - window.pads[i + 3] + window.kernel[i];
    TWOFOUR_CHECK(!src[axis].known() || size >= 0, kInvalidArgument, "the pads leave a size of {}", size);
    dims.push_back(src[axis].known() ? Dim(size) : Dim());
  }
  return dims;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_dtype(node.input(1)->type(), DType::kI64, "indices");
  check_dims(node.input(1)->type(), src.dims, "indices");
  outputs[0] = {src.dtype, unpooled(node.attrs(), src.dims)};
  if (!node.input(2)) return;
  check_index(node.input(2)->type(), "output_shape");
  check_dims(node.input(2)->type(), {static_cast<int64_t>(src.dims.size())}, "output_shape");
  const auto entries = shape_value(node.input(2));
  for (size_t i = 0; i < src.dims.size(); ++i) outputs[0].dims[i] = entries ? (*entries)[i].dim() : Dim();
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const Tensor& dst = args.outputs[0];
  const Shape inner = ValueType{src.dtype(), unpooled(args.attrs, to_dims(src.shape()))}.shape();
  const std::vector<int64_t> inner_strides = inner.strides();
  const std::vector<int64_t> strides = dst.shape().strides();
  const auto size = static_cast<int64_t>(dtype_size(src.dtype()));
  const std::vector<int64_t> indices = to_ints(args.inputs[1]);
  const int64_t count = inner.numel();
  std::fill_n(dst.raw(), dst.size_bytes(), std::byte{});
  for (size_t i = 0; i < indices.size(); ++i) {
    TWOFOUR_CHECK(indices[i] >= 0 && indices[i] < count, kInvalidArgument, "index {} is outside [0, {})",
                  indices[i], count);
    int64_t to = 0;
    for (size_t axis = 0; axis < strides.size(); ++axis) {
      const int64_t at = indices[i] / inner_strides[axis] % inner[axis];
      TWOFOUR_CHECK(at < dst.shape()[axis], kInvalidArgument, "index {} lies outside the output {}",
                    indices[i], dst.shape().to_string());
      to += at * strides[axis];
    }
    std::copy_n(src.raw() + static_cast<int64_t>(i) * size, size, dst.raw() + to * size);
  }
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  TWOFOUR_CHECK(!node.input(2), kUnsupported, "{} has no gradient with output_shape", node.label());
  Value* flat = b.reshape(args.grad_outputs[0], {node.output()->shape().numel()});
  return {b.op("Gather", {flat, node.input(1)}), nullptr};
}

ExampleInput indices(Shape shape, std::vector<float> values) {
  return {.dtype = DType::kI64, .shape = std::move(shape), .values = std::move(values)};
}

Domain natural_sizes(const Node& node, size_t) {
  Domain domain{1, 2};
  for (const Dim& dim : unpooled(node.attrs(), node.input(0)->dims()))
    domain.values.push_back(static_cast<double>(dim.size_or(1)));
  return domain;
}

Domain places(const Node& node, size_t) {
  const ValueType inner{DType::kF32, unpooled(node.attrs(), node.input(0)->dims())};
  return index_into(inner.is_static() ? Dim(inner.shape().numel()) : Dim());
}

}  // namespace

extern const OpDef kMaxUnpool;
const OpDef kMaxUnpool = {
    .name = "MaxUnpool",
    .doc = "dst = zeros of the size that MaxPool saw, with every element of src where its index says.",
    .inputs = {{"src"},
               {.name = "indices", .state = true, .domain = places},
               {.name = "output_shape", .optional = true, .state = true, .domain = natural_sizes}},
    .outputs = {{"dst"}},
    .attrs = {"kernel_shape", "pads", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "indices are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_float("zero has no code when the scale is asymmetric"),
    .sparsity = no_sparsity(),
    .examples =
        {{.inputs = {{.shape = {1, 2, 2, 2}}, indices({1, 2, 2, 2}, {0, 7, 8, 15, 16, 18, 29, 31})},
          .attrs = {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}}},
         {.inputs = {{.shape = {1, 1, 3}},
                     indices({1, 1, 3}, {1, 2, 5}),
                     {.dtype = DType::kI64, .shape = {3}, .values = {1, 1, 7}, .constant = true}},
          .attrs = {{"kernel_shape", std::vector<int64_t>{2}}, {"strides", std::vector<int64_t>{2}}}}},
};

}  // namespace twofour::ops
