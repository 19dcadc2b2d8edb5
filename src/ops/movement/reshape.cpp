// Ops that keep the data and its order and change the shape: Reshape, Flatten, Squeeze, Unsqueeze.
#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

void reference(const ReferenceArgs& args) {
  TWOFOUR_CHECK(args.inputs[0].numel() == args.outputs[0].numel(), kInvalidArgument, "cannot view {} as {}",
                args.inputs[0].shape().to_string(), args.outputs[0].shape().to_string());
  std::copy_n(args.inputs[0].raw(), args.inputs[0].size_bytes(), args.outputs[0].raw());
}

std::vector<Value*> grad(const GradArgs& args) {
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  result[0] = args.builder.reshape(args.grad_outputs[0], args.node.input(0)->shape());
  return result;
}

/// The size that stands for -1: the elements of `src` divided by those of `rest`, symbols cancelling.
Dim quotient(Dims src, const Dims& rest) {
  for (const Dim& dim : rest) {
    if (dim.known()) continue;
    const auto same = dim.symbol.empty() ? src.end() : std::ranges::find(src, dim);
    if (same == src.end()) return {};
    src.erase(same);
  }
  Dims numbers = rest;
  std::erase_if(numbers, [](const Dim& d) { return !d.known(); });
  const Dim divisor = product(numbers);
  TWOFOUR_CHECK(divisor.value != 0, kInvalidArgument, "-1 cannot be found: another size is 0");
  Dims unknown = src;
  std::erase_if(unknown, [](const Dim& d) { return d.known(); });
  std::erase_if(src, [](const Dim& d) { return !d.known(); });
  const Dim known = product(src);
  if (unknown.empty()) {
    TWOFOUR_CHECK(known.value % divisor.value == 0, kInvalidArgument,
                  "{} elements do not divide into blocks of {}", known.value, divisor.value);
    return known.value / divisor.value;
  }
  return unknown.size() == 1 && known == divisor ? unknown[0] : Dim();
}

void infer_reshape(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_index(node.input(1)->type(), "shape");
  const auto entries = shape_value(node.input(1));
  if (!entries) {
    outputs[0] = ValueType::unknown(src.dtype);
    return;
  }
  const bool allow_zero = node.attrs().i("allowzero", 0) != 0;
  Dims dims;
  size_t free = entries->size();
  for (size_t i = 0; i < entries->size(); ++i) {
    const ShapeEntry& entry = (*entries)[i];
    if (entry.number == -1) {
      TWOFOUR_CHECK(free == entries->size(), kInvalidArgument, "two sizes are -1; one may be");
      free = i;
      dims.emplace_back(1);
    } else if (entry.number == 0 && !allow_zero) {
      TWOFOUR_CHECK(i < src.dims.size(), kInvalidArgument, "size 0 copies axis {} of {}, which has none", i,
                    src.to_string());
      dims.push_back(src.dims[i]);
    } else {
      dims.push_back(entry.dim());
    }
  }
  if (free < dims.size()) dims[free] = quotient(src.dims, dims);
  const Dim from = product(src.dims);
  const Dim to = product(dims);
  TWOFOUR_CHECK(dims_fit(from, to), kInvalidArgument, "cannot view {} as {}", src.to_string(),
                ValueType{src.dtype, dims}.to_string());
  outputs[0] = {src.dtype, std::move(dims)};
}

void infer_flatten(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const auto rank = static_cast<int64_t>(src.dims.size());
  const int64_t axis = node.attrs().i("axis", 1);
  TWOFOUR_CHECK(axis >= -rank && axis <= rank, kInvalidArgument, "axis {} is outside [{}, {}]", axis, -rank,
                rank);
  const std::span<const Dim> dims = src.dims;
  const auto split = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  outputs[0] = {src.dtype, {product(dims.first(split)), product(dims.subspan(split))}};
}

/// Input 1 as axes; nullopt when it is absent or not known.
std::optional<std::vector<int64_t>> axes_input(const Node& node) {
  if (!node.input(1)) return std::nullopt;
  check_index(node.input(1)->type(), "axes");
  return known_ints(node.input(1));
}

/// How many axes input 1 names, when it does not say which; nullopt when not even that is known.
std::optional<size_t> count_axes(const Node& node) {
  const Dims& dims = node.input(1)->dims();
  if (dims.empty()) return 1;
  TWOFOUR_CHECK(dims.size() == 1, kInvalidArgument, "axes are {}; a vector is expected",
                node.input(1)->type().to_string());
  if (!dims[0].known()) return std::nullopt;
  return static_cast<size_t>(dims[0].value);
}

void infer_squeeze(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const auto axes = axes_input(node);
  if (node.input(1) && !axes) {
    const auto count = count_axes(node);
    TWOFOUR_CHECK(!count || *count <= src.dims.size(), kInvalidArgument, "{} has no {} axes to remove",
                  src.to_string(), *count);
    outputs[0] = count ? ValueType{src.dtype, Dims(src.dims.size() - *count)} : ValueType::unknown(src.dtype);
    return;
  }
  const std::vector<bool> named = axis_flags(axes.value_or(std::vector<int64_t>{}), src.dims.size());
  Dims dims;
  for (size_t i = 0; i < named.size(); ++i) {
    const Dim& dim = src.dims[i];
    TWOFOUR_CHECK(!named[i] || dims_fit(dim, 1), kInvalidArgument, "axis {} of {} is not 1", i,
                  src.to_string());
    if (!axes && !dim.known()) {  // it may be 1
      outputs[0] = ValueType::unknown(src.dtype);
      return;
    }
    if (axes ? !named[i] : dim != Dim(1)) dims.push_back(dim);
  }
  outputs[0] = {src.dtype, std::move(dims)};
}

void infer_unsqueeze(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const auto axes = axes_input(node);
  if (!axes) {
    const auto count = count_axes(node);
    outputs[0] = count ? ValueType{src.dtype, Dims(src.dims.size() + *count)} : ValueType::unknown(src.dtype);
    return;
  }
  const std::vector<bool> added = axis_flags(*axes, src.dims.size() + axes->size());
  Dims dims;
  auto next = src.dims.begin();
  for (const bool one : added) dims.push_back(one ? Dim(1) : *next++);
  outputs[0] = {src.dtype, std::move(dims)};
}

OpDef view(std::string_view name, std::string_view doc, std::vector<Port> inputs,
           std::vector<std::string_view> attrs, InferFn infer, std::vector<Example> examples) {
  return {
      .name = name,
      .doc = doc,
      .inputs = std::move(inputs),
      .outputs = {{"dst"}},
      .attrs = std::move(attrs),
      .infer = infer,
      .reference = reference,
      .grad = Grad(grad, "the shape is not a number to differentiate by"),
      .amp = Amp::kClear,
      .quant = quant_commutes(),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

Domain view_sizes(const Node& node, size_t input) {
  const ValueType& dst = node.output()->type();
  if (dst.is_static() && dst.known) return output_sizes(node, input);
  Domain domain = counting_up(node, input);
  std::ranges::fill(domain.values, 1);
  const ValueType& src = node.input(0)->type();
  if (!domain.values.empty())
    domain.values[0] = src.is_static() ? static_cast<double>(src.shape().numel()) : -1;
  return domain;
}

// Axes of size 1, as far as there are.
Domain squeezed_axes(const Node& node, size_t input) {
  Domain domain = counting_up(node, input);
  const Dims& src = node.input(0)->dims();
  size_t next = 0;
  for (size_t axis = 0; axis < src.size() && next < domain.values.size(); ++axis)
    if (src[axis] == Dim(1)) domain.values[next++] = static_cast<double>(axis);
  return domain;
}

}  // namespace

extern const OpDef kReshape;
const OpDef kReshape = view(
    "Reshape", "dst = src viewed as `shape`: 0 copies a size (unless allowzero), one -1 takes what is left.",
    {{"src"}, {.name = "shape", .state = true, .domain = view_sizes}}, {"allowzero"}, infer_reshape,
    {{.inputs = {{.shape = {2, 3, 4}}, example_ints({4, 6})}},
     {.inputs = {{.shape = {2, 3, 4}}, example_ints({0, -1})}},
     {.inputs = {{.shape = {1, 1}}, example_ints({})}},
     {.inputs = {{.shape = {0, 3}}, example_ints({3, 0})}, .attrs = {{"allowzero", int64_t{1}}}}});

extern const OpDef kFlatten;
const OpDef kFlatten = view("Flatten", "dst = src as a matrix: axes before `axis` times the axes from it on.",
                            {{"src"}}, {"axis"}, infer_flatten,
                            {{.inputs = {{.shape = {2, 3, 4, 5}}}},
                             {.inputs = {{.shape = {2, 3, 4}}}, .attrs = {{"axis", int64_t{0}}}},
                             {.inputs = {{.shape = {2, 3, 4}}}, .attrs = {{"axis", int64_t{-1}}}}});

extern const OpDef kSqueeze;
const OpDef kSqueeze = view(
    "Squeeze", "dst = src without the axes of size 1 named by `axes`, or without all of them.",
    {{"src"}, {.name = "axes", .optional = true, .state = true, .domain = squeezed_axes}}, {}, infer_squeeze,
    {{.inputs = {{.shape = {1, 3, 1, 5}}}}, {.inputs = {{.shape = {1, 3, 1, 5}}, example_ints({-2})}}});

extern const OpDef kUnsqueeze;
const OpDef kUnsqueeze = view(
    "Unsqueeze", "dst = src with axes of size 1 inserted, so that they stand at `axes` of dst.",
    {{"src"}, {.name = "axes", .state = true, .domain = counting_up}}, {}, infer_unsqueeze,
    {{.inputs = {{.shape = {3, 5}}, example_ints({0, -1})}}, {.inputs = {{.shape = {}}, example_ints({0})}}});

}  // namespace twofour::ops
