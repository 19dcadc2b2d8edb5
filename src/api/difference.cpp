#include "api/difference.h"

#include <cmath>

#include "base/error.h"

namespace twofour {
namespace {

struct Sums {
  double abs = 0, squares = 0, actual = 0, expected = 0, product = 0;
  int64_t finite = 0;
};

bool same_non_finite(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

double cosine_of(const Sums& sums) {
  if (sums.actual == 0 && sums.expected == 0) return 1;
  const double norms = std::sqrt(sums.actual) * std::sqrt(sums.expected);
  return norms > 0 ? sums.product / norms : 0;
}

double relative_of(const Sums& sums) {
  if (sums.squares == 0) return 0;
  return sums.expected > 0 ? std::sqrt(sums.squares / sums.expected) : INFINITY;
}

}  // namespace

Difference api::difference_of(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance) {
  TWOFOUR_ASSERT(actual.shape() == expected.shape(), "shapes {} and {} differ", actual.shape().to_string(),
                 expected.shape().to_string());
  const Tensor wide_actual = actual.to(DType::kF64);
  const Tensor wide_expected = expected.to(DType::kF64);
  const auto a = wide_actual.span<double>();
  const auto b = wide_expected.span<double>();
  Difference result{.elements = actual.numel()};
  Sums sums;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      result.nans += std::isnan(a[i]);
      result.mismatches += !same_non_finite(a[i], b[i]);
      continue;
    }
    const double error = std::abs(a[i] - b[i]);
    result.mismatches += error > tolerance.atol + tolerance.rtol * std::abs(b[i]);
    result.max_abs = std::max(result.max_abs, error);
    sums.abs += error;
    sums.squares += error * error;
    sums.actual += a[i] * a[i];
    sums.expected += b[i] * b[i];
    sums.product += a[i] * b[i];
    ++sums.finite;
  }
  if (sums.finite > 0) result.mean_abs = sums.abs / static_cast<double>(sums.finite);
  result.relative = relative_of(sums);
  result.cosine = cosine_of(sums);
  return result;
}

}  // namespace twofour
