// ReduceSum (axes as an input), ReduceMean and ReduceMax (axes as an attribute), as opset 17 has them.
#include <algorithm>
#include <limits>

#include "ops/builder.h"
#include "ops/elementwise.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

/// Which axes are reduced; without any, all, unless the node says that none means none.
std::vector<bool> reduced_axes(const std::optional<std::vector<int64_t>>& axes, bool none_means_none,
                               size_t rank) {
  if (!axes || axes->empty()) return std::vector<bool>(rank, !none_means_none);
  return axis_flags(*axes, rank);
}

std::optional<std::vector<int64_t>> axes_attr(const Attrs& attrs) {
  return attrs.has("axes") ? std::optional(attrs.ints("axes")) : std::nullopt;
}

Dims reduced_dims(const Dims& src, const std::vector<bool>& reduced, bool keepdims) {
  Dims dims;
  for (size_t i = 0; i < src.size(); ++i) {
    if (!reduced[i]) dims.push_back(src[i]);
    else if (keepdims) dims.emplace_back(1);
  }
  return dims;
}

bool keepdims(const Attrs& attrs) { return attrs.i("keepdims", 1) != 0; }

void infer_attr(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  TWOFOUR_CHECK(src.dtype != DType::kBool, kUnsupported, "src is bool; numbers are expected");
  const std::vector<bool> reduced = reduced_axes(axes_attr(node.attrs()), false, src.dims.size());
  outputs[0] = {src.dtype, reduced_dims(src.dims, reduced, keepdims(node.attrs()))};
}

void infer_mean(const Node& node, std::span<ValueType> outputs) {
  check_float(node.input(0)->type(), "src");
  infer_attr(node, outputs);
}

void infer_max(const Node& node, std::span<ValueType> outputs) {
  infer_attr(node, outputs);
  const Dims& dims = node.input(0)->dims();
  TWOFOUR_CHECK(std::ranges::find(dims, Dim(0)) == dims.end(), kInvalidArgument,
                "src is {}; there is no maximum of nothing", node.input(0)->type().to_string());
}

bool none_means_none(const Attrs& attrs) { return attrs.i("noop_with_empty_axes", 0) != 0; }

void infer_sum(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  TWOFOUR_CHECK(src.dtype != DType::kBool, kUnsupported, "src is bool; numbers are expected");
  std::optional<std::vector<int64_t>> axes;
  if (node.input(1)) {
    check_index(node.input(1)->type(), "axes");
    axes = known_ints(node.input(1));
    TWOFOUR_CHECK(axes, kUnsupported, "axes are not constant");
  }
  const std::vector<bool> reduced = reduced_axes(axes, none_means_none(node.attrs()), src.dims.size());
  outputs[0] = {src.dtype, reduced_dims(src.dims, reduced, keepdims(node.attrs()))};
}

/// Calls fn(index in src, index in dst) for every element of src.
template <typename Fn>
void for_each_reduced(const Shape& src, const std::vector<bool>& reduced, Fn&& fn) {
  Shape kept = src;
  for (size_t i = 0; i < src.rank(); ++i)
    if (reduced[i]) kept[i] = 1;
  for_each_broadcast(kept, src, src, [&](size_t dst, size_t from, size_t) { fn(from, dst); });
}

template <typename T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;  // integers wrap around

void sum_over(const ReferenceArgs& args, const std::vector<bool>& reduced, double factor) {
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto src = args.inputs[0].span<T>();
    const auto dst = args.outputs[0].span<T>();
    std::vector<Sum<T>> sums(dst.size());
    for_each_reduced(args.inputs[0].shape(), reduced,
                     [&](size_t i, size_t j) { sums[j] += static_cast<Sum<T>>(src[i]); });
    for (size_t i = 0; i < dst.size(); ++i) {
      if constexpr (std::is_floating_point_v<T>) dst[i] = static_cast<T>(sums[i] * factor);
      else dst[i] = static_cast<T>(sums[i]);
    }
  });
}

void reference_sum(const ReferenceArgs& args) {
  const Tensor axes = input_or_none(args, 1);
  sum_over(args,
           reduced_axes(axes.defined() ? std::optional(to_ints(axes)) : std::nullopt,
                        none_means_none(args.attrs), args.inputs[0].shape().rank()),
           1);
}

void reference_mean(const ReferenceArgs& args) {
  const double ratio =
      static_cast<double>(args.outputs[0].numel()) / static_cast<double>(args.inputs[0].numel());
  sum_over(args, reduced_axes(axes_attr(args.attrs), false, args.inputs[0].shape().rank()), ratio);
}

void reference_max(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  dispatch_number(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto src = args.inputs[0].span<T>();
    const auto dst = args.outputs[0].span<T>();
    using Limits = std::numeric_limits<T>;
    std::ranges::fill(dst, Limits::has_infinity ? -Limits::infinity() : Limits::lowest());
    for_each_reduced(shape, reduced_axes(axes_attr(args.attrs), false, shape.rank()),
                     [&](size_t i, size_t j) { dst[j] = std::max(dst[j], src[i]); });
  });
}

/// `v`, shaped as the node's output, with the reduced axes back as 1.
Value* with_kept_axes(Builder& b, Value* v, const Shape& src, const std::vector<bool>& reduced) {
  return b.reshape(v, ValueType{DType::kF32, reduced_dims(to_dims(src), reduced, true)}.shape());
}

std::vector<Value*> grad_sum(const GradArgs& args) {
  const Node& node = args.node;
  const Shape src = node.input(0)->shape();
  const std::vector<bool> reduced =
      reduced_axes(known_ints(node.input(1)), none_means_none(node.attrs()), src.rank());
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = args.builder.expand(with_kept_axes(args.builder, args.grad_outputs[0], src, reduced), src);
  return result;
}

std::vector<Value*> grad_mean(const GradArgs& args) {
  Builder& b = args.builder;
  const Shape src = args.node.input(0)->shape();
  const auto count =
      static_cast<float>(src.numel()) / static_cast<float>(args.node.output()->shape().numel());
  const std::vector<bool> reduced = reduced_axes(axes_attr(args.node.attrs()), false, src.rank());
  Value* dy = b.mul(args.grad_outputs[0], b.scalar(1 / count));
  return {b.expand(with_kept_axes(b, dy, src, reduced), src)};
}

// Equal maxima share the gradient.
std::vector<Value*> grad_max(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  const Shape shape = src->shape();
  const std::vector<bool> reduced = reduced_axes(axes_attr(args.node.attrs()), false, shape.rank());
  std::vector<int64_t> axes;
  for (size_t i = 0; i < reduced.size(); ++i)
    if (reduced[i]) axes.push_back(static_cast<int64_t>(i));
  if (axes.empty()) return {args.grad_outputs[0]};
  Value* is_max = b.op("Equal", {src, with_kept_axes(b, args.node.output(), shape, reduced)});
  Value* mask = b.op("Where", {is_max, b.scalar(1), b.scalar(0)});
  Value* share =
      b.div(with_kept_axes(b, args.grad_outputs[0], shape, reduced), b.reduce_sum(mask, axes, true));
  return {b.mul(mask, share)};
}

std::vector<Example> examples_with_axes_attr() {
  return {
      {.inputs = {{.shape = {2, 3, 5}, .distinct = true}}, .attrs = {{"axes", std::vector<int64_t>{1, -1}}}},
      {.inputs = {{.shape = {2, 3, 4}, .distinct = true}},
       .attrs = {{"axes", std::vector<int64_t>{0}}, {"keepdims", int64_t{0}}}},
      {.inputs = {{.shape = {3, 4}, .distinct = true}}}};
}

}  // namespace

extern const OpDef kReduceSum;
const OpDef kReduceSum = {
    .name = "ReduceSum",
    .doc =
        "dst = the sum of src over `axes`; over all of them when none are given, unless "
        "noop_with_empty_axes.",
    .inputs = {{"src"}, {.name = "axes", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"keepdims", "noop_with_empty_axes"},
    .infer = infer_sum,
    .reference = reference_sum,
    .grad = Grad(grad_sum, "axes are not numbers to differentiate by"),
    .amp = Amp::kDeny,
    .quant = quant_float("a sum of codes needs more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5}}, example_ints({1, -1})}},
                 {.inputs = {{.shape = {2, 3, 4}}, example_ints({0})}, .attrs = {{"keepdims", int64_t{0}}}},
                 {.inputs = {{.shape = {3, 4}}}},
                 {.inputs = {{.shape = {3, 4}}, example_ints({})},
                  .attrs = {{"noop_with_empty_axes", int64_t{1}}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {4}, .low = -9, .high = 9}}}},
};

extern const OpDef kReduceMean;
const OpDef kReduceMean = {
    .name = "ReduceMean",
    .doc = "dst = the mean of src over attribute axes; over all of them without it.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"axes", "keepdims"},
    .infer = infer_mean,
    .reference = reference_mean,
    .grad = grad_mean,
    .amp = Amp::kDeny,
    .quant = quant_float("a mean of codes needs more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = examples_with_axes_attr(),
};

extern const OpDef kReduceMax;
const OpDef kReduceMax = {
    .name = "ReduceMax",
    .doc = "dst = the maximum of src over attribute axes; over all of them without it.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"axes", "keepdims"},
    .infer = infer_max,
    .reference = reference_max,
    .grad = grad_max,
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = examples_with_axes_attr(),
};

}  // namespace twofour::ops
