// GridSample: src read at the positions of a grid; any number of spatial dimensions.
#include <cmath>

#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

struct Options {
  enum class Mode : uint8_t { kNearest, kLinear, kCubic };
  enum class Padding : uint8_t { kZeros, kBorder, kReflection };
  Mode mode;
  Padding padding;
  bool align_corners;
};

Options options_of(const Attrs& attrs) {
  const std::string mode = attrs.s("mode", "linear");
  const std::string padding = attrs.s("padding_mode", "zeros");
  TWOFOUR_CHECK(mode == "nearest" || mode == "linear" || mode == "cubic", kInvalidArgument,
                "mode \"{}\" is not known; nearest, linear and cubic are", mode);
  TWOFOUR_CHECK(padding == "zeros" || padding == "border" || padding == "reflection", kInvalidArgument,
                "padding_mode \"{}\" is not known; zeros, border and reflection are", padding);
  return {mode == "nearest"  ? Options::Mode::kNearest
          : mode == "linear" ? Options::Mode::kLinear
                             : Options::Mode::kCubic,
          padding == "zeros"    ? Options::Padding::kZeros
          : padding == "border" ? Options::Padding::kBorder
                                : Options::Padding::kReflection,
          attrs.i("align_corners", 0) != 0};
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& grid = node.input(1)->type();
  check_real(src, "src");
  check_real(grid, "grid");
  options_of(node.attrs());
  const size_t rank = src.dims.size();
  TWOFOUR_CHECK(rank >= 3 && grid.dims.size() == rank && dims_fit(src.dims[0], grid.dims[0]) &&
                    dims_fit(grid.dims.back(), static_cast<int64_t>(rank - 2)),
                kInvalidArgument, "grid {} does not fit src {}", grid.to_string(), src.to_string());
  for (size_t i = 2; i < rank; ++i)
    TWOFOUR_CHECK(src.dims[i] != Dim(0), kInvalidArgument, "src {} is empty", src.to_string());
  outputs[0] = {src.dtype, {merge(src.dims[0], grid.dims[0]), src.dims[1]}};
  outputs[0].dims.insert(outputs[0].dims.end(), grid.dims.begin() + 1, grid.dims.end() - 1);
}

double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  const double distance = std::fmod(std::fabs(x - low), 2 * range);
  return low + (distance > range ? 2 * range - distance : distance);
}

/// What one coordinate reads along one axis of `size` elements: up to four (index, weight), index -1 for
/// zero.
struct AxisTaps {
  std::array<int64_t, 4> index{};
  std::array<double, 4> weight{};
  size_t count = 0;

  AxisTaps(const Options& options, double normalised, int64_t size) {
    const auto n = static_cast<double>(size);
    const double low = options.align_corners ? 0 : -0.5;
    const double high = n - 1 - low;
    double x = options.align_corners ? (normalised + 1) / 2 * (n - 1) : ((normalised + 1) * n - 1) / 2;
    if (!std::isfinite(x)) x = -n - 2;  // outside, wherever that is
    if (options.mode == Options::Mode::kNearest) x = std::nearbyint(x);
    const bool point = options.mode != Options::Mode::kCubic;  // what padding moves: else its taps
    if (x < low || x > high) {
      if (options.padding == Options::Padding::kReflection) x = point ? reflect(x, low, high) : x;
      else if (options.padding == Options::Padding::kBorder && point) x = std::clamp(x, 0.0, n - 1);
      else x = std::clamp(x, -4.0, n + 4);  // zeros, or the border, from there on
    }
    const double floor = std::floor(x);
    const double t = x - floor;
    switch (options.mode) {
      case Options::Mode::kNearest: add(options, floor, 1, low, high, size); break;
      case Options::Mode::kLinear:
        add(options, floor, 1 - t, low, high, size);
        add(options, floor + 1, t, low, high, size);
        break;
      case Options::Mode::kCubic:
        for (int i = -1; i <= 2; ++i) add(options, floor + i, cubic(t - i), low, high, size);
    }
  }

 private:
  static double cubic(double x) {
    constexpr double kA = -0.75;
    x = std::fabs(x);
    return x <= 1 ? ((kA + 2) * x - (kA + 3)) * x * x + 1 : ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA;
  }

  void add(const Options& options, double at, double w, double low, double high, int64_t size) {
    if (options.padding == Options::Padding::kReflection) at = reflect(at, low, high);
    auto i = static_cast<int64_t>(at);
    if (options.padding != Options::Padding::kZeros) i = std::clamp<int64_t>(i, 0, size - 1);
    index[count] = i >= 0 && i < size ? i : -1;
    weight[count++] = w;
  }
};

/// The weighted sum over the taps of axis `axis` and all that follow.
template <typename T>
double sample(const T* image, const Shape& src, std::span<const AxisTaps> taps, size_t axis, int64_t offset) {
  if (axis == taps.size()) return image[offset];
  double sum = 0;
  for (size_t i = 0; i < taps[axis].count; ++i)
    if (taps[axis].index[i] >= 0 && taps[axis].weight[i] != 0)
      sum += taps[axis].weight[i] *
             sample(image, src, taps, axis + 1, offset * src[axis + 2] + taps[axis].index[i]);
  return sum;
}

template <typename T>
void sample_all(const ReferenceArgs& args) {
  const Options options = options_of(args.attrs);
  const Shape& src = args.inputs[0].shape();
  const Shape& dst = args.outputs[0].shape();
  const size_t spatial = src.rank() - 2;
  const int64_t points = dst.numel(2, dst.rank());
  const int64_t plane = src.numel(2, src.rank());
  const Tensor positions = args.inputs[1].to(DType::kF64);
  const double* grid = positions.span<double>().data();
  for (int64_t n = 0; n < dst[0]; ++n)
    for (int64_t p = 0; p < points; ++p, grid += spatial) {
      std::vector<AxisTaps> taps;  // the grid names the innermost axis first
      for (size_t i = 0; i < spatial; ++i) taps.emplace_back(options, grid[spatial - 1 - i], src[i + 2]);
      for (int64_t c = 0; c < dst[1]; ++c) {
        const T* image = args.inputs[0].span<T>().data() + (n * src[1] + c) * plane;
        args.outputs[0].span<T>()[static_cast<size_t>((n * dst[1] + c) * points + p)] =
            static_cast<T>(sample(image, src, taps, 0, 0));
      }
    }
}

void reference(const ReferenceArgs& args) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) { sample_all<T>(args); });
}

Attrs settings(const char* mode, const char* padding, bool align_corners) {
  return {{"mode", std::string(mode)},
          {"padding_mode", std::string(padding)},
          {"align_corners", int64_t{align_corners}}};
}

}  // namespace

extern const OpDef kGridSample;
const OpDef kGridSample = {
    .name = "GridSample",
    .doc =
        "dst[n,c,p,...] = src[n,c] interpolated at grid[n,p,...], coordinates from -1 to 1, innermost first.",
    .inputs = {{"src"}, {.name = "grid", .keep_f32 = true}},
    .outputs = {{"dst"}},
    .attrs = {"align_corners", "mode", "padding_mode"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("there is no operator for its gradient"),
    .amp = Amp::kDeny,
    .quant = quant_float("the grid is fractions of a pixel"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 2, 4, 5}}, {.shape = {2, 3, 2, 2}, .low = -1.2F, .high = 1.2F}}},
                 {.inputs = {{.shape = {1, 1, 4, 5}}, {.shape = {1, 3, 3, 2}, .low = -2, .high = 2}},
                  .attrs = settings("cubic", "reflection", true)},
                 {.inputs = {{.shape = {1, 2, 4, 3}}, {.shape = {1, 3, 4, 2}, .low = -1.5F, .high = 1.5F}},
                  .attrs = settings("nearest", "border", false)},
                 {.inputs = {{.shape = {1, 2, 3, 4, 3}}, {.shape = {1, 2, 1, 3, 3}}},
                  .attrs = settings("linear", "border", true)}},
};

}  // namespace twofour::ops
