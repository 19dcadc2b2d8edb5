#include "ops/image/resize_axis.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/infer.h"

namespace twofour::ops {
namespace {

constexpr double kMostSize = 0x1p31;

void check_name(std::string_view what, const std::string& name,
                std::initializer_list<std::string_view> known) {
  TWOFOUR_CHECK(std::ranges::find(known, name) != known.end(), kInvalidArgument,
                "{} \"{}\" is not known; {} are", what, name, fmt::join(known, ", "));
}

int64_t checked_size(double size) {
  TWOFOUR_CHECK(size >= 0 && size < kMostSize, kInvalidArgument, "an output size of {} is out of range",
                size);
  return static_cast<int64_t>(size);
}

bool given(const Tensor& tensor) { return tensor.defined() && tensor.numel() > 0; }

std::vector<double> numbers(const Tensor& tensor, size_t count, std::string_view what) {
  TWOFOUR_CHECK(tensor.numel() == static_cast<int64_t>(count), kInvalidArgument,
                "{} has {} numbers; {} are expected", what, tensor.numel(), count);
  const Tensor wide = tensor.to(DType::kF64);
  const auto span = wide.span<double>();
  for (const double v : span) TWOFOUR_CHECK(std::isfinite(v), kInvalidArgument, "{} holds {}", what, v);
  return {span.begin(), span.end()};
}

void apply_scales(const std::vector<double>& scales, std::vector<AxisResize>& axes) {
  for (size_t i = 0; i < axes.size(); ++i) {
    TWOFOUR_CHECK(scales[i] > 0, kInvalidArgument, "a scale is {}; it must be positive", scales[i]);
    axes[i].scale = scales[i];
    const double part = axes[i].roi_end - axes[i].roi_begin;
    axes[i].out = checked_size(std::floor(static_cast<double>(axes[i].in) * part * scales[i]));
  }
}

void apply_sizes(const std::vector<double>& sizes, const std::string& policy, std::vector<AxisResize>& axes) {
  double least = INFINITY;
  double most = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    AxisResize& axis = axes[i];
    TWOFOUR_CHECK(axis.in > 0 || sizes[i] == 0, kInvalidArgument, "an empty axis cannot become {} long",
                  sizes[i]);
    axis.out = checked_size(sizes[i]);
    axis.scale = axis.in > 0 ? sizes[i] / static_cast<double>(axis.in) : 1;
    least = std::min(least, axis.scale);
    most = std::max(most, axis.scale);
  }
  if (policy == "stretch") return;
  for (AxisResize& axis : axes) {
    axis.scale = policy == "not_larger" ? least : most;
    axis.out = checked_size(std::floor(axis.scale * static_cast<double>(axis.in) + 0.5));
  }
}

/// Where output position x lies in the source.
double source_of(const ResizeOptions& options, const AxisResize& axis, double x) {
  const auto in = static_cast<double>(axis.in);
  const double out = axis.scale * in;  // may be fractional
  const std::string& transform = options.transform;
  if (transform == "asymmetric") return x / axis.scale;
  if (transform == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;  // opsets 11 and 12
  if (transform == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (transform == "tf_crop_and_resize") {
    const auto length = static_cast<double>(axis.out);
    const double part = axis.roi_end - axis.roi_begin;
    return axis.out > 1 ? (axis.roi_begin + x * part / (length - 1)) * (in - 1)
                        : 0.5 * (axis.roi_begin + axis.roi_end) * (in - 1);
  }
  if (transform == "pytorch_half_pixel" && axis.out <= 1) return 0;
  const double centered = (x + 0.5) / axis.scale - 0.5;
  if (transform != "half_pixel_symmetric") return centered;
  return in / 2 * (1 - static_cast<double>(axis.out) / out) + centered;
}

double nearest_of(const std::string& nearest, double scale, double x) {
  if (nearest == "floor" || (nearest == "floor_ceil" && scale >= 1)) return std::floor(x);
  if (nearest == "ceil" || nearest == "floor_ceil") return std::ceil(x);
  return nearest == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

double kernel(const ResizeOptions& options, double x) {
  x = std::fabs(x);
  if (options.mode == ResizeOptions::Mode::kLinear) return std::max(0.0, 1 - x);
  const double a = options.cubic_a;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

void add_interpolation(const ResizeOptions& options, const AxisResize& axis, double x, Taps& taps) {
  const auto in = static_cast<double>(axis.in);
  const double shrink = options.antialias ? std::clamp(axis.scale, 1 / in, 1.0) : 1;
  const double radius = (options.mode == ResizeOptions::Mode::kLinear ? 1 : 2) / shrink;
  x = std::clamp(x, -radius - 1, in + radius);  // beyond, nothing changes
  double sum = 0;
  for (double at = std::ceil(x - radius); at <= x + radius; ++at) {
    const double weight = kernel(options, (at - x) * shrink);
    if (weight == 0 || (options.exclude_outside && (at < 0 || at >= in))) continue;
    taps.index.push_back(static_cast<int64_t>(std::clamp(at, 0.0, in - 1)));
    taps.weight.push_back(weight);
    sum += weight;
  }
  if ((!options.antialias && !options.exclude_outside) || sum == 0) return;
  for (size_t k = taps.begin.back(); k < taps.weight.size(); ++k) taps.weight[k] /= sum;
}

}  // namespace

ResizeOptions::ResizeOptions(const Attrs& attrs)
    : transform(attrs.s("coordinate_transformation_mode", "half_pixel")),
      nearest(attrs.s("nearest_mode", "round_prefer_floor")),
      policy(attrs.s("keep_aspect_ratio_policy", "stretch")),
      antialias(attrs.i("antialias", 0) != 0),
      exclude_outside(attrs.i("exclude_outside", 0) != 0),
      crops(transform == "tf_crop_and_resize"),
      cubic_a(attrs.f("cubic_coeff_a", -0.75F)),
      extrapolation(attrs.f("extrapolation_value", 0)) {
  const std::string name = attrs.s("mode", "nearest");
  check_name("mode", name, {"nearest", "linear", "cubic"});
  mode = name == "nearest" ? Mode::kNearest : name == "linear" ? Mode::kLinear : Mode::kCubic;
  check_name("coordinate_transformation_mode", transform,
             {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
              "tf_crop_and_resize", "tf_half_pixel_for_nn"});
  check_name("nearest_mode", nearest,
             {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "floor_ceil"});
  check_name("keep_aspect_ratio_policy", policy, {"stretch", "not_larger", "not_smaller"});
  TWOFOUR_CHECK(!antialias || mode != Mode::kNearest, kInvalidArgument,
                "antialias does not go with mode nearest");
}

std::vector<size_t> resize_axes(const Attrs& attrs, size_t rank) {
  std::vector<int64_t> named = attrs.ints("axes");
  if (named.empty()) {
    named.resize(rank);
    std::iota(named.begin(), named.end(), 0);
  }
  axis_flags(named, rank);
  std::vector<size_t> axes;
  for (const int64_t axis : named) axes.push_back(normalize_axis(axis, rank));
  return axes;
}

std::vector<AxisResize> resized(const Attrs& attrs, const Shape& src, const ResizeInputs& inputs) {
  const ResizeOptions options(attrs);
  TWOFOUR_CHECK(given(inputs.scales) != given(inputs.sizes), kInvalidArgument,
                "exactly one of scales and sizes must be given");
  std::vector<AxisResize> axes;
  for (const size_t axis : resize_axes(attrs, src.rank()))
    axes.push_back({.axis = axis, .in = src[axis], .out = src[axis], .scale = 1});
  if (options.crops) {
    TWOFOUR_CHECK(given(inputs.roi), kInvalidArgument, "tf_crop_and_resize needs roi");
    const std::vector<double> roi = numbers(inputs.roi, 2 * axes.size(), "roi");
    for (size_t i = 0; i < axes.size(); ++i) {
      axes[i].roi_begin = roi[i];
      axes[i].roi_end = roi[i + axes.size()];
    }
  }
  if (given(inputs.sizes)) apply_sizes(numbers(inputs.sizes, axes.size(), "sizes"), options.policy, axes);
  else apply_scales(numbers(inputs.scales, axes.size(), "scales"), axes);
  return axes;
}

Shape resized_shape(Shape src, const std::vector<AxisResize>& axes) {
  for (const AxisResize& axis : axes) src[axis.axis] = axis.out;
  return src;
}

Taps taps_of(const ResizeOptions& options, const AxisResize& axis) {
  const auto last = static_cast<double>(axis.in - 1);
  Taps taps;
  for (int64_t i = 0; i < axis.out; ++i) {
    const double x = source_of(options, axis, static_cast<double>(i));
    const bool outside = options.crops && (x < 0 || x > last);
    if (!outside && options.mode == ResizeOptions::Mode::kNearest) {
      taps.index.push_back(
          static_cast<int64_t>(std::clamp(nearest_of(options.nearest, axis.scale, x), 0.0, last)));
      taps.weight.push_back(1);
    } else if (!outside) {
      add_interpolation(options, axis, x, taps);
    }
    taps.begin.push_back(taps.index.size());
  }
  return taps;
}

}  // namespace twofour::ops
