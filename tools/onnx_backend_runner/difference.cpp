#include <cmath>

#include "case.h"

namespace twofour::conformance {
namespace {

bool close(double actual, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual)) return actual == expected;
  return std::fabs(actual - expected) <= tolerance.absolute + tolerance.relative * std::fabs(expected);
}

}  // namespace

std::string difference(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance) {
  if (actual.dtype() != expected.dtype() || actual.shape() != expected.shape())
    return fmt::format("is {}, expected {}", type_of(actual).to_string(), type_of(expected).to_string());
  const bool exact = !is_float(expected.dtype());
  const Tensor a = actual.to(exact ? DType::kI64 : DType::kF64);
  const Tensor b = expected.to(a.dtype());
  for (int64_t i = 0; i < a.numel(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (exact ? a.span<int64_t>()[at] == b.span<int64_t>()[at]
              : close(a.span<double>()[at], b.span<double>()[at], tolerance))
      continue;
    if (exact)
      return fmt::format("element {} is {}, expected {}", i, a.span<int64_t>()[at], b.span<int64_t>()[at]);
    return fmt::format("element {} is {}, expected {}", i, a.span<double>()[at], b.span<double>()[at]);
  }
  return {};
}

}  // namespace twofour::conformance
