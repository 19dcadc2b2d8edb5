#include "ops/reduction/reduce.h"

#include "ops/domain.h"
#include "ops/example.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

bool keeps_dims(const Attrs& attrs) { return attrs.i("keepdims", 1) != 0; }

std::vector<bool> flags(const std::vector<int64_t>& axes, const Attrs& attrs, size_t rank) {
  if (axes.empty()) return std::vector<bool>(rank, attrs.i("noop_with_empty_axes", 0) == 0);
  return axis_flags(axes, rank);
}

Dims reduced_dims(const Dims& src, const std::vector<bool>& reduced, bool keepdims) {
  Dims dims;
  for (size_t i = 0; i < src.size(); ++i) {
    if (!reduced[i]) dims.push_back(src[i]);
    else if (keepdims) dims.emplace_back(1);
  }
  return dims;
}

/// What can be said when only the number of axes is known, or not even that.
ValueType type_with_unknown_axes(const Node& node) {
  const DType dtype = node.input(0)->dtype();
  Dims dims = node.input(0)->dims();
  if (keeps_dims(node.attrs())) {
    for (Dim& dim : dims)
      if (dim != Dim(1)) dim = Dim();
    return {dtype, std::move(dims)};
  }
  const Dims& count = node.input(1)->dims();
  if (count.size() != 1 || !count[0].known()) return ValueType::unknown(dtype);
  TWOFOUR_CHECK(count[0].value <= static_cast<int64_t>(dims.size()), kInvalidArgument,
                "{} axes of a tensor that has {}", count[0].value, dims.size());
  return {dtype, Dims(dims.size() - static_cast<size_t>(count[0].value))};
}

void infer_wide(const Node& node, std::span<ValueType> outputs) {
  check_wide_number(node.input(0)->type(), "src");
  infer_reduction(node, outputs);
}

}  // namespace

std::optional<std::vector<bool>> reduced_axes(const Node& node) {
  std::vector<int64_t> axes;
  if (node.input(1)) {
    const auto known = known_ints(node.input(1));
    if (!known) return std::nullopt;
    axes = *known;
  }
  return flags(axes, node.attrs(), node.input(0)->rank());
}

std::vector<bool> reduced_axes(const ReferenceArgs& args) {
  const Tensor axes = input_or_none(args, 1);
  return flags(axes.defined() ? to_ints(axes) : std::vector<int64_t>(), args.attrs,
               args.inputs[0].shape().rank());
}

void infer_reduction(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  if (node.input(1)) {
    check_index(node.input(1)->type(), "axes");
    TWOFOUR_CHECK(node.input(1)->rank() <= 1, kInvalidArgument, "axes are {}; a vector is expected",
                  node.input(1)->type().to_string());
  }
  const auto reduced = reduced_axes(node);
  outputs[0] = reduced ? ValueType{src.dtype, reduced_dims(src.dims, *reduced, keeps_dims(node.attrs()))}
                       : type_with_unknown_axes(node);
}

Value* with_kept_axes(Builder& b, const Node& node, Value* v) {
  const auto reduced = reduced_axes(node);
  TWOFOUR_CHECK(reduced, kUnsupported, "the gradient of {} needs axes that are known", node.label());
  const Dims dims = reduced_dims(node.input(0)->dims(), *reduced, true);
  return b.reshape(v, ValueType{DType::kF32, dims}.shape());
}

OpDef reduction(std::string_view name, std::string_view doc, ReferenceFn reference, const Grad& grad, Amp amp,
                bool distinct) {
  const auto src = [distinct](Shape shape) {
    return ExampleInput{.shape = std::move(shape), .low = 0.5F, .high = 2, .distinct = distinct};
  };
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}, {.name = "axes", .optional = true, .state = true, .domain = counting_up}},
      .outputs = {{"dst"}},
      .attrs = {"keepdims", "noop_with_empty_axes"},
      .infer = infer_wide,
      .reference = reference,
      .grad = grad,
      .amp = amp,
      .quant = quant_float("a sum of codes needs more than 8 bits"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {src({2, 3, 5}), example_ints({1, -1})}},
                   {.inputs = {src({2, 3, 4}), example_ints({0})}, .attrs = {{"keepdims", int64_t{0}}}},
                   {.inputs = {src({3, 4})}},
                   {.inputs = {src({3, 4}), example_ints({})},
                    .attrs = {{"noop_with_empty_axes", int64_t{1}}}},
                   {.inputs = {{.dtype = DType::kF64, .shape = {2, 3}, .low = 0.5F}, example_ints({1})}}},
  };
}

}  // namespace twofour::ops
