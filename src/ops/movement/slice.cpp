#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/movement/slice_range.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// starts, ends, axes and steps as lists of one length, axes checked against `rank`.
struct SliceArgs {
  std::vector<int64_t> starts, ends, steps;
  std::vector<size_t> axes;
};

SliceArgs slice_args(std::vector<int64_t> starts, std::vector<int64_t> ends,
                     const std::optional<std::vector<int64_t>>& axes,
                     const std::optional<std::vector<int64_t>>& steps, size_t rank) {
  SliceArgs args = {std::move(starts), std::move(ends), {}, {}};
  const size_t count = args.starts.size();
  args.steps = steps.value_or(std::vector<int64_t>(count, 1));
  std::vector<int64_t> names(count);
  for (size_t i = 0; i < count; ++i)
    names[i] = axes && i < axes->size() ? (*axes)[i] : static_cast<int64_t>(i);
  TWOFOUR_CHECK(args.ends.size() == count && args.steps.size() == count && (!axes || axes->size() == count),
                kInvalidArgument, "starts, ends, axes and steps differ in length");
  TWOFOUR_CHECK(std::ranges::find(args.steps, 0) == args.steps.end(), kInvalidArgument, "a step is 0");
  axis_flags(names, rank);
  for (const int64_t name : names) args.axes.push_back(normalize_axis(name, rank));
  return args;
}

/// Whether the slice keeps an axis whole whatever its size is.
bool keeps_all(int64_t start, int64_t end, int64_t step) {
  return start == 0 && step == 1 && end >= (int64_t{1} << 31) - 1;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  for (size_t i = 1; i < node.inputs().size(); ++i)
    if (node.input(i)) check_index(node.input(i)->type(), get_op(node.op()).inputs[i].name);
  outputs[0] = src;
  const auto starts = known_ints(node.input(1));
  const auto ends = known_ints(node.input(2));
  const auto axes = known_ints(node.input(3));
  const auto steps = known_ints(node.input(4));
  const bool known = starts && ends && (axes || !node.input(3)) && (steps || !node.input(4));
  if (!known) {  // any axis may be cut, or those named
    const std::vector<bool> cut =
        axes ? axis_flags(*axes, src.dims.size()) : std::vector<bool>(src.dims.size(), true);
    for (size_t i = 0; i < cut.size(); ++i)
      if (cut[i]) outputs[0].dims[i] = Dim();
    return;
  }
  const SliceArgs args = slice_args(*starts, *ends, axes, steps, src.dims.size());
  for (size_t i = 0; i < args.axes.size(); ++i) {
    Dim& dim = outputs[0].dims[args.axes[i]];
    if (dim.known()) dim = slice_range(dim.value, args.starts[i], args.ends[i], args.steps[i]).count;
    else if (!keeps_all(args.starts[i], args.ends[i], args.steps[i])) dim = Dim();
  }
}

/// Where the slice lies in a tensor of shape `src`, and the shape it has.
std::pair<Strided, Shape> slice_view(const Shape& src, const SliceArgs& args) {
  Strided view = {0, src.strides()};
  Shape shape = src;
  for (size_t i = 0; i < args.axes.size(); ++i) {
    const size_t axis = args.axes[i];
    const SliceRange range = slice_range(src[axis], args.starts[i], args.ends[i], args.steps[i]);
    view.offset += range.start * view.strides[axis];
    view.strides[axis] *= range.step;
    shape[axis] = range.count;
  }
  return {std::move(view), std::move(shape)};
}

std::optional<std::vector<int64_t>> ints_input(const ReferenceArgs& args, size_t i) {
  const Tensor tensor = input_or_none(args, i);
  return tensor.defined() ? std::optional(to_ints(tensor)) : std::nullopt;
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const Tensor& dst = args.outputs[0];
  const auto [view, shape] =
      slice_view(src.shape(), slice_args(to_ints(args.inputs[1]), to_ints(args.inputs[2]),
                                         ints_input(args, 3), ints_input(args, 4), src.shape().rank()));
  TWOFOUR_CHECK(shape == dst.shape(), kInvalidArgument, "the slice has shape {}; {} was inferred",
                shape.to_string(), dst.shape().to_string());
  copy_strided(src, view, dst, {0, shape.strides()}, shape);
}

std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  const Shape src = node.input(0)->shape();
  const auto starts = known_ints(node.input(1));
  const auto ends = known_ints(node.input(2));
  TWOFOUR_CHECK(starts && ends, kUnsupported, "{} has no constant starts and ends", node.label());
  const SliceArgs slice =
      slice_args(*starts, *ends, known_ints(node.input(3)), known_ints(node.input(4)), src.rank());
  Attrs attrs = {{"src_shape", src.dims()},
                 {"starts", slice.starts},
                 {"ends", slice.ends},
                 {"steps", slice.steps},
                 {"axes", std::vector<int64_t>(slice.axes.begin(), slice.axes.end())}};
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = args.builder.op("SliceGrad", {args.grad_outputs[0]}, std::move(attrs));
  return result;
}

SliceArgs grad_args(const Attrs& attrs, size_t rank) {
  return slice_args(attrs.ints("starts"), attrs.ints("ends"), attrs.ints("axes"), attrs.ints("steps"), rank);
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  const Shape src = shape_attr(node.attrs(), "src_shape");
  const auto [view, shape] = slice_view(src, grad_args(node.attrs(), src.rank()));
  check_dims(node.input(0)->type(), to_dims(shape), "grad_dst");
  outputs[0] = {node.input(0)->dtype(), to_dims(src)};
}

void reference_grad(const ReferenceArgs& args) {
  const Tensor& dx = args.outputs[0];
  const auto [view, shape] = slice_view(dx.shape(), grad_args(args.attrs, dx.shape().rank()));
  std::fill_n(dx.raw(), dx.size_bytes(), std::byte{});
  copy_strided(args.inputs[0], {0, shape.strides()}, dx, view, shape);
}

/// Of no axis, unless another reader says more.
Domain beyond_the_end(const Node&, size_t) {
  constexpr double kFar = 1 << 30;
  return {kFar, kFar + 1};
}

}  // namespace

extern const OpDef kSlice;
const OpDef kSlice = {
    .name = "Slice",
    .doc = "dst = src[starts:ends:steps] along `axes`, with numpy's meaning of negative positions and steps.",
    .inputs = {{"src"},
               {.name = "starts", .state = true, .domain = exactly<0>},
               {.name = "ends", .state = true, .domain = beyond_the_end},
               {.name = "axes", .optional = true, .state = true, .domain = counting_up},
               {.name = "steps", .optional = true, .state = true, .domain = exactly<1>}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "positions are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {5, 7}}, example_ints({1, -4}), example_ints({4, 100})}},
                 {.inputs = {{.shape = {2, 5, 7}},
                             example_ints({-1, 0}),
                             example_ints({-100, 7}),
                             example_ints({2, 1}),
                             example_ints({-2, 3})}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {4}},
                             example_ints({2}),
                             example_ints({4}),
                             example_ints({0})}}},
};

extern const OpDef kSliceGrad;
const OpDef kSliceGrad = {
    .name = "SliceGrad",
    .doc = "Gradient of Slice: zeros of src_shape with grad_dst in the sliced places.",
    .standard = false,
    .inputs = {{"grad_dst"}},
    .outputs = {{"grad_src"}},
    .attrs = {"axes", "ends", "src_shape", "starts", "steps"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kClear,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 4}}},
                  .attrs = {{"src_shape", std::vector<int64_t>{3, 7}},
                            {"axes", std::vector<int64_t>{1}},
                            {"starts", std::vector<int64_t>{6}},
                            {"ends", std::vector<int64_t>{-100}},
                            {"steps", std::vector<int64_t>{-2}}}}},
};

}  // namespace twofour::ops
