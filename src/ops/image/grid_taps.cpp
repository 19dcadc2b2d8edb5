#include "ops/image/grid_taps.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace twofour::ops {
namespace {

double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  const double distance = std::fmod(std::fabs(x - low), 2 * range);
  return low + (distance > range ? 2 * range - distance : distance);
}

double cubic(double x) {
  constexpr double kA = -0.75;
  x = std::fabs(x);
  return x <= 1 ? ((kA + 2) * x - (kA + 3)) * x * x + 1 : ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA;
}

}  // namespace

GridOptions grid_options_from(const Attrs& attrs) {
  const std::string mode = attrs.s("mode", "linear");
  const std::string padding = attrs.s("padding_mode", "zeros");
  TWOFOUR_CHECK(mode == "nearest" || mode == "linear" || mode == "cubic", kInvalidArgument,
                "mode \"{}\" is not known; nearest, linear and cubic are", mode);
  TWOFOUR_CHECK(padding == "zeros" || padding == "border" || padding == "reflection", kInvalidArgument,
                "padding_mode \"{}\" is not known; zeros, border and reflection are", padding);
  return {mode == "nearest"  ? GridOptions::Mode::kNearest
          : mode == "linear" ? GridOptions::Mode::kLinear
                             : GridOptions::Mode::kCubic,
          padding == "zeros"    ? GridOptions::Padding::kZeros
          : padding == "border" ? GridOptions::Padding::kBorder
                                : GridOptions::Padding::kReflection,
          attrs.i("align_corners", 0) != 0};
}

GridTaps::GridTaps(const GridOptions& options, double normalised, int64_t size) {
  const auto n = static_cast<double>(size);
  const double low = options.align_corners ? 0 : -0.5;
  const double high = n - 1 - low;
  double x = options.align_corners ? (normalised + 1) / 2 * (n - 1) : ((normalised + 1) * n - 1) / 2;
  if (!std::isfinite(x)) x = -n - 2;  // outside, wherever that is
  if (options.mode == GridOptions::Mode::kNearest) x = std::nearbyint(x);
  const bool cubic_taps = options.mode == GridOptions::Mode::kCubic;  // which are padded one by one
  if (options.padding == GridOptions::Padding::kReflection) {
    if (!cubic_taps && (x < low || x > high)) x = reflect(x, low, high);
  } else {
    if (options.padding == GridOptions::Padding::kBorder && !cubic_taps) x = std::clamp(x, 0.0, n - 1);
    x = std::clamp(x, -4.0, n + 4);  // nothing changes from there on
  }
  const double floor = std::floor(x);
  const double t = x - floor;
  switch (options.mode) {
    case GridOptions::Mode::kNearest: add(options, floor, 1, low, high, size); break;
    case GridOptions::Mode::kLinear:
      add(options, floor, 1 - t, low, high, size);
      add(options, floor + 1, t, low, high, size);
      break;
    case GridOptions::Mode::kCubic:
      for (int i = -1; i <= 2; ++i) add(options, floor + i, cubic(t - i), low, high, size);
  }
}

void GridTaps::add(const GridOptions& options, double at, double w, double low, double high, int64_t size) {
  if (options.padding == GridOptions::Padding::kReflection) at = reflect(at, low, high);
  auto i = static_cast<int64_t>(at);
  if (options.padding != GridOptions::Padding::kZeros) i = std::clamp<int64_t>(i, 0, size - 1);
  index[count] = i >= 0 && i < size ? i : -1;
  weight[count++] = w;
}

}  // namespace twofour::ops
