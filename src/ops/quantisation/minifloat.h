// Floats of 8 bits and 4: a sign, an exponent, a mantissa (https://arxiv.org/abs/2209.05433,
// https://arxiv.org/abs/2206.02915).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace twofour::ops {

struct Minifloat {
  /// Codes that are no finite numbers: none; those of the highest exponent, as IEEE says (infinity and NaN);
  /// the highest magnitude (NaN); -0 (NaN).
  enum class Special : uint8_t { kNone, kIeee, kHighest, kMinusZero };

  std::string_view name;
  int exponent_bits, mantissa_bits, bias;
  double max;
  Special special;

  constexpr int min_exponent() const { return 1 - bias; }
  constexpr bool has_infinity() const { return special == Special::kIeee; }
  constexpr bool has_nan() const { return special != Special::kNone; }
  constexpr bool has_minus_zero() const { return special != Special::kMinusZero; }
};

inline constexpr std::array kMinifloats = {
    Minifloat{"e2m1", 2, 1, 1, 6, Minifloat::Special::kNone},
    Minifloat{"e4m3fn", 4, 3, 7, 448, Minifloat::Special::kHighest},
    Minifloat{"e4m3fnuz", 4, 3, 8, 240, Minifloat::Special::kMinusZero},
    Minifloat{"e5m2", 5, 2, 15, 57344, Minifloat::Special::kIeee},
    Minifloat{"e5m2fnuz", 5, 2, 16, 57344, Minifloat::Special::kMinusZero},
};

}  // namespace twofour::ops
