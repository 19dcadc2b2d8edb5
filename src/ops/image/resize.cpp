// Resize and its gradient: nearest, linear and cubic interpolation, one axis after the other.
#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/elementwise/elementwise.h"
#include "ops/example.h"
#include "ops/image/resize_axis.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

constexpr size_t kRoi = 1, kScales = 2, kSizes = 3;

bool is_empty(const Value* value) { return !value || value->dims() == Dims{0}; }

void check_lists(const Node& node) {
  if (!is_empty(node.input(kRoi))) check_real(node.input(kRoi)->type(), "roi");
  if (!is_empty(node.input(kScales))) check_dtype(node.input(kScales)->type(), DType::kF32, "scales");
  if (!is_empty(node.input(kSizes))) check_index(node.input(kSizes)->type(), "sizes");
  TWOFOUR_CHECK(is_empty(node.input(kScales)) != is_empty(node.input(kSizes)), kInvalidArgument,
                "exactly one of scales and sizes must be given");
  TWOFOUR_CHECK(!ResizeOptions(node.attrs()).crops || !is_empty(node.input(kRoi)), kInvalidArgument,
                "tf_crop_and_resize needs roi");
}

/// What the graph knows of roi, scales and sizes.
ResizeInputs inputs_of(const Node& node) {
  ResizeInputs inputs = {known_tensor(node.input(kRoi)), known_tensor(node.input(kScales)), {}};
  if (const auto sizes = known_ints(node.input(kSizes))) inputs.sizes = Tensor::i64(*sizes);
  return inputs;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ResizeOptions options(node.attrs());
  TWOFOUR_CHECK(options.mode == ResizeOptions::Mode::kNearest || src.dtype != DType::kBool, kUnsupported,
                "src is bool; numbers are expected");
  check_lists(node);
  outputs[0] = src;
  const ResizeInputs inputs = inputs_of(node);
  const bool sized = !is_empty(node.input(kSizes));
  const bool known =
      (sized ? inputs.sizes : inputs.scales).defined() && (!options.crops || inputs.roi.defined());
  const std::vector<size_t> axes = resize_axes(node.attrs(), src.dims.size());
  if (known && src.is_static()) {
    outputs[0].dims = to_dims(resized_shape(src.shape(), resized(node.attrs(), src.shape(), inputs)));
    return;
  }
  const auto sizes = sized ? shape_value(node.input(kSizes)) : std::nullopt;
  TWOFOUR_CHECK(!sizes || sizes->size() == axes.size(), kInvalidArgument,
                "sizes has {} numbers; {} are expected", sizes->size(), axes.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    Dim& dim = outputs[0].dims[axes[i]];
    const bool kept = known && !sized && !options.crops && inputs.scales.numel() > static_cast<int64_t>(i) &&
                      inputs.scales.span<float>()[i] == 1;
    if (!kept) dim = sizes && options.policy == "stretch" ? (*sizes)[i].dim() : Dim();
  }
}

ResizeInputs inputs_of(const ReferenceArgs& args) {
  return {input_or_none(args, kRoi), input_or_none(args, kScales), input_or_none(args, kSizes)};
}

bool changes(const ResizeOptions& options, const AxisResize& axis) {
  return axis.in != axis.out || axis.scale != 1 ||
         (options.crops && (axis.roi_begin != 0 || axis.roi_end != 1));
}

/// dst (f64) = src (f64) interpolated along one axis; `transposed`: the gradient, from dst's shape to src's.
Tensor interpolate(const Tensor& src, const ResizeOptions& options, const AxisResize& axis, bool transposed) {
  const Taps taps = taps_of(options, axis);
  Shape shape = src.shape();
  shape[axis.axis] = transposed ? axis.in : axis.out;
  Tensor dst(DType::kF64, shape);
  const AxisView view(shape, axis.axis);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < axis.out; ++i) {
      const double* from = src.span<double>().data() + o * (transposed ? axis.out : axis.in) * view.inner;
      double* to = dst.span<double>().data() + o * view.size * view.inner;
      const size_t first = taps.begin[static_cast<size_t>(i)];
      const size_t last = taps.begin[static_cast<size_t>(i) + 1];
      if (first == last && !transposed && options.crops)
        std::fill_n(to + i * view.inner, view.inner, options.extrapolation);
      for (size_t k = first; k < last; ++k) {
        const double* row = from + (transposed ? i : taps.index[k]) * view.inner;
        double* sum = to + (transposed ? taps.index[k] : i) * view.inner;
        for (int64_t c = 0; c < view.inner; ++c) sum[c] += taps.weight[k] * row[c];
      }
    }
  return dst;
}

/// Whole elements, so that integers of any size stay exact.
void copy_nearest(const Tensor& src, const Tensor& dst, const ResizeOptions& options,
                  const std::vector<AxisResize>& axes) {
  const auto size = static_cast<int64_t>(dtype_size(src.dtype()));
  const Tensor outside = Tensor::scalar(static_cast<float>(options.extrapolation)).to(src.dtype());
  std::vector<Taps> taps(src.shape().rank());
  for (const AxisResize& axis : axes) taps[axis.axis] = taps_of(options, axis);
  const std::vector<int64_t> from_strides = src.shape().strides();
  const std::vector<int64_t> to_strides = dst.shape().strides();
  for (int64_t at = 0; at < dst.numel(); ++at) {
    int64_t from = 0;
    bool inside = true;
    for (size_t i = 0; i < taps.size(); ++i) {
      int64_t position = at / to_strides[i] % dst.shape()[i];
      if (taps[i].begin.size() > 1) {  // a resized axis
        const size_t first = taps[i].begin[static_cast<size_t>(position)];
        inside = inside && first < taps[i].begin[static_cast<size_t>(position) + 1];
        position = inside ? taps[i].index[first] : 0;
      }
      from += position * from_strides[i];
    }
    std::copy_n(inside ? src.raw() + from * size : outside.raw(), size, dst.raw() + at * size);
  }
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const Tensor& dst = args.outputs[0];
  const ResizeOptions options(args.attrs);
  const std::vector<AxisResize> axes = resized(args.attrs, src.shape(), inputs_of(args));
  TWOFOUR_CHECK(resized_shape(src.shape(), axes) == dst.shape(), kInvalidArgument,
                "the sizes do not give the inferred shape {}", dst.shape().to_string());
  if (options.mode == ResizeOptions::Mode::kNearest) return copy_nearest(src, dst, options, axes);
  Tensor result = src.to(DType::kF64);
  for (const AxisResize& axis : axes)
    if (changes(options, axis)) result = interpolate(result, options, axis, false);
  if (!is_float(dst.dtype()))
    for (double& v : result.span<double>()) v = round_half_even(v);
  store(result, dst);
}

std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  Attrs attrs = node.attrs();
  attrs.set("src_shape", node.input(0)->shape().dims());
  std::vector<Value*> inputs = node.inputs();
  inputs[0] = args.grad_outputs[0];
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = args.builder.op("ResizeGrad", std::move(inputs), std::move(attrs));
  return result;
}

Attrs without_src_shape(Attrs attrs) {
  attrs.erase("src_shape");
  return attrs;
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  check_float(node.input(0)->type(), "grad_dst");
  check_lists(node);
  outputs[0] = {node.input(0)->dtype(), to_dims(shape_attr(node.attrs(), "src_shape"))};
}

void reference_grad(const ReferenceArgs& args) {
  const Tensor& dst = args.outputs[0];
  const ResizeOptions options(args.attrs);
  const std::vector<AxisResize> axes = resized(without_src_shape(args.attrs), dst.shape(), inputs_of(args));
  TWOFOUR_CHECK(resized_shape(dst.shape(), axes) == args.inputs[0].shape(), kInvalidArgument,
                "gradient {} does not fit src_shape {}", args.inputs[0].shape().to_string(),
                dst.shape().to_string());
  Tensor result = args.inputs[0].to(DType::kF64);
  for (const AxisResize& axis : axes)
    if (changes(options, axis)) result = interpolate(result, options, axis, true);
  store(result, dst);
}

ExampleInput scales(std::vector<float> values) {
  return {.shape = {static_cast<int64_t>(values.size())}, .values = std::move(values), .constant = true};
}

Attrs mode(const char* name, const char* transform) {
  return {{"mode", std::string(name)}, {"coordinate_transformation_mode", std::string(transform)}};
}

Domain whole_image(const Node& node, size_t) {
  Domain domain{0, 1};
  const size_t axes = resize_axes(node.attrs(), node.input(0)->rank()).size();
  domain.values.assign(axes, 0);
  domain.values.resize(2 * axes, 1);
  return domain;
}

/// Those that the gradient was made with; 1 in Resize itself.
Domain factors(const Node& node, size_t) {
  if (!node.attrs().has("src_shape")) return {0, 0, {1}};
  Domain domain;
  const Shape src = shape_attr(node.attrs(), "src_shape");
  for (const size_t axis : resize_axes(node.attrs(), src.rank())) {
    const Dim& dst = node.input(0)->dims()[axis];
    domain.values.push_back(dst.known() ? static_cast<double>(dst.value) / static_cast<double>(src[axis])
                                        : 1);
  }
  return domain;
}

Domain target_sizes(const Node& node, size_t) {
  Domain domain{1, 2};
  const bool forward = !node.attrs().has("src_shape");
  const ValueType& dst = forward ? node.output()->type() : node.input(0)->type();
  for (const size_t axis : resize_axes(node.attrs(), node.input(0)->rank())) {
    const Dim& src = node.input(0)->dims()[axis];
    const Dim& size = dst.known && dst.dims[axis].known() ? dst.dims[axis] : src;
    domain.values.push_back(static_cast<double>(size.size_or(1)));
  }
  return domain;
}

std::vector<Port> with_lists(Port first) {
  return {first,
          {.name = "roi", .optional = true, .keep_f32 = true, .state = true, .domain = whole_image},
          {.name = "scales", .optional = true, .keep_f32 = true, .state = true, .domain = factors},
          {.name = "sizes", .optional = true, .state = true, .domain = target_sizes}};
}

}  // namespace

extern const OpDef kResize;
const OpDef kResize = {
    .name = "Resize",
    .doc = "dst = src resampled along `axes` by factors `scales` or to `sizes`: nearest, linear or cubic.",
    .inputs = with_lists({"src"}),
    .outputs = {{"dst"}},
    .attrs = {"antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
              "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "sizes are not numbers to differentiate by"),
    .amp = Amp::kInfer,
    .quant = quant_float("a mean of codes needs more than 8 bits; the nearest is moved unchanged"),
    .sparsity = no_sparsity(),
    .examples =
        {{.inputs = {{.shape = {1, 2, 3, 4}}, {.absent = true}, scales({1, 1, 2, 1.5F})}},
         {.inputs = {{.shape = {1, 2, 4, 5}}, {.absent = true}, {.absent = true}, example_ints({3, 8})},
          .attrs = {{"mode", std::string("linear")}, {"axes", std::vector<int64_t>{2, -1}}}},
         {.inputs = {{.shape = {1, 1, 5, 6}}, {.absent = true}, scales({1, 1, 0.6F, 0.8F})},
          .attrs = mode("cubic", "align_corners")},
         {.inputs =
              {{.shape = {4, 4}}, scales({0.2F, 0.3F, 1.1F, 0.8F}), {.absent = true}, example_ints({3, 3})},
          .attrs = mode("linear", "tf_crop_and_resize")},
         {.inputs = {{.shape = {6, 7}}, {.absent = true}, {.absent = true}, example_ints({2, 5})},
          .attrs = {{"mode", std::string("linear")},
                    {"antialias", int64_t{1}},
                    {"keep_aspect_ratio_policy", std::string("not_smaller")}}},
         {.inputs = {{.dtype = DType::kU8, .shape = {1, 2, 3, 4}, .low = 0, .high = 255},
                     {.absent = true},
                     scales({1, 1, 2, 1.5F})}}},
};

extern const OpDef kResizeGrad;
const OpDef kResizeGrad = {
    .name = "ResizeGrad",
    .doc = "Gradient of Resize: every element of src gets grad_dst weighted as it was read.",
    .standard = false,
    .inputs = with_lists({"grad_dst"}),
    .outputs = {{"grad_src"}},
    .attrs = {"antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
              "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode", "src_shape"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kInfer,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {1, 2, 6, 6}}, {.absent = true}, scales({1, 1, 2, 1.5F})},
                  .attrs = {{"mode", std::string("linear")},
                            {"src_shape", std::vector<int64_t>{1, 2, 3, 4}}}}},
};

}  // namespace twofour::ops
