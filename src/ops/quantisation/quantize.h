// What the quantised operators share: codes of 8 or 16 bits, their scales and zero points. A real value is
// (code - zero_point) * scale.
#pragma once

#include <limits>
#include <vector>

#include "ops/elementwise/elementwise.h"
#include "ops/infer.h"

namespace twofour::ops {

/// Throws Error{kUnsupported} unless the type is i8, u8, i16 or u16.
void check_codes(const ValueType& type, std::string_view what);
/// i8 and u8 only.
void check_bytes(const ValueType& type, std::string_view what);
/// A scale: floating point with one element, or a vector of `per_axis` when that is given.
void check_scale(const ValueType& type, const Dim* per_axis, std::string_view what);
/// The same shapes for a zero point, which has the type of the codes.
void check_zero_point(const ValueType& type, DType codes, const Dim* per_axis, std::string_view what);

/// Calls fn(T{}) for the types of codes.
template <typename Fn>
void dispatch_codes(DType dtype, Fn&& fn) {
  dispatch_number(dtype, [&]<typename T>(T zero) {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) fn(zero);
  });
}

/// The code nearest to value / scale + zero_point; NaN gives the zero point.
template <typename T>
T saturated(double quotient, double zero_point) {
  using Limits = std::numeric_limits<T>;
  const double code = round_half_even(quotient) + zero_point;
  if (code != code) return static_cast<T>(zero_point);
  return static_cast<T>(std::min(std::max(code, double{Limits::lowest()}), double{Limits::max()}));
}

/// u8 codes that cover the values from `low` <= 0 to `high` >= 0; 0 has an exact code.
struct ByteCodes {
  float scale;
  uint8_t zero_point;

  ByteCodes(float low, float high)
      : scale(low == high ? 1.0F : (high - low) / 255.0F),
        zero_point(saturated<uint8_t>(-double{low / scale}, 0)) {}
  uint8_t code(float value) const { return saturated<uint8_t>(double{value / scale}, zero_point); }
};

/// The elements in double precision; {0} for an undefined tensor.
std::vector<double> to_doubles(const Tensor& tensor);
/// Whether every element is 0; so for an undefined tensor.
bool all_zero(const Tensor& tensor);
/// codes - zero point, where the zero point is undefined, one element or a vector along `axis`.
std::vector<int32_t> centred(const Tensor& codes, const Tensor& zero_point, size_t axis);
/// values[i], or values[0] for one value for all.
inline double of_channel(const std::vector<double>& values, int64_t i) {
  return values[values.size() == 1 ? 0 : static_cast<size_t>(i)];
}

}  // namespace twofour::ops
