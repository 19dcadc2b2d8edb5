#include "tactics/oracle.h"

#include <cmath>

namespace twofour::oracle {
namespace {

struct Limits {
  Real epsilon, smallest, largest;
};

Limits limits_of(DType dtype) {
  switch (dtype) {
    case DType::kF16: return {0x1p-10L, 0x1p-14L, 65504};
    case DType::kBF16: return {0x1p-7L, 0x1p-126L, 0x1.FEp127L};
    case DType::kF64: return {0x1p-52L, 0x1p-1022L, 0x1.FFFFFFFFFFFFFp1023L};
    default: return {0x1p-23L, 0x1p-126L, 0x1.FFFFFEp127L};
  }
}

bool agrees(Real actual, Real expected, Real scale, DType dtype, double eps) {
  if (!is_float(dtype)) return actual == expected;
  const Limits limits = limits_of(dtype);
  const Real on_the_way = limits_of(dtype == DType::kF64 ? dtype : DType::kF32).largest;
  // Where the arithmetic may have overflowed on the way, anything that is not finite or the value itself will
  // do.
  if (scale > on_the_way / 8 && std::isfinite(expected) && !std::isfinite(actual)) return true;
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
  const Real slack = static_cast<Real>(eps) * limits.epsilon;
  if (std::abs(expected) > limits.largest * (1 + slack))
    return std::isinf(actual) && (actual > 0) == (expected > 0);
  if (std::isinf(actual))
    return std::abs(expected) >= limits.largest * (1 - slack) && (actual > 0) == (expected > 0);
  const Real size = std::max(std::isfinite(scale) ? scale : 0, std::abs(expected));
  if (size == 0) return actual == 0;
  return std::abs(actual - expected) <= slack * size + limits.smallest;
}

}  // namespace

Array array_of(const Tensor& tensor) {
  Array array;
  array.present = tensor.defined();
  if (!array.present) return array;
  array.dtype = tensor.dtype();
  array.shape = tensor.shape();
  dispatch_dtype(tensor.dtype(), [&]<typename T>(T) {
    for (const T v : tensor.span<T>()) {
      if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) array.at.push_back(to_float(v));
      else array.at.push_back(static_cast<Real>(v));
    }
  });
  return array;
}

Formula find(std::string_view op) {
  for (const Table* table : {&elementwise(), &selections(), &products(), &norms(), &recurrences()})
    if (const auto it = table->find(op); it != table->end()) return it->second;
  return nullptr;
}

size_t axis_of(int64_t axis, const Shape& shape) {
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(shape.rank()) : axis);
}

Real broadcast(const Array& array, const Shape& to, size_t at) {
  size_t index = 0, step = 1;
  for (size_t i = 0; i < to.rank(); ++i) {
    const auto size = static_cast<size_t>(to[to.rank() - 1 - i]);
    const size_t position = at % size;
    at /= size;
    if (i >= array.shape.rank()) continue;
    const auto own = static_cast<size_t>(array.shape[array.shape.rank() - 1 - i]);
    if (own != 1) index += position * step;
    step *= own;
  }
  return array.at[index];
}

std::string mismatch(const Tensor& actual, const Expected& expected, double eps) {
  const Array got = array_of(actual);
  if (got.at.size() != expected.at.size())
    return fmt::format("{} elements, expected {}", got.at.size(), expected.at.size());
  for (size_t i = 0; i < got.at.size(); ++i) {
    const bool zeros =
        expected.signed_zero && is_float(actual.dtype()) && got.at[i] == 0 && expected.at[i] == 0;
    if (!expected.unclear.empty() && expected.unclear[i] && !std::isfinite(got.at[i])) continue;
    if (agrees(got.at[i], expected.at[i], expected.scale[i], actual.dtype(), eps) &&
        !(zeros && std::signbit(got.at[i]) != std::signbit(expected.at[i])))
      continue;
    return fmt::format("element {} is {}, expected {} (scale {})", i, static_cast<double>(got.at[i]),
                       static_cast<double>(expected.at[i]), static_cast<double>(expected.scale[i]));
  }
  return "";
}

}  // namespace twofour::oracle
