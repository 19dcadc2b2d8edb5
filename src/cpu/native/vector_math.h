// Functions that the compiler can turn into vector code when they are inlined into a loop of run_simd.
#pragma once

#include <bit>
#include <cstdint>

#include "cpu/native/simd.h"

namespace twofour::cpu {

/// e^v within 2 units in the last place for v in [-87, 88]; outside, e^-87 and e^88. NaN stays NaN.
/// v = n ln 2 + r with |r| <= ln 2 / 2, Taylor series of e^r, n into the exponent.
TWOFOUR_INLINE inline float vector_exp(float v) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it drops the fraction
  v = v < -87.0F ? -87.0F : v;
  v = v > 88.0F ? 88.0F : v;
  const float shifted = v * 1.44269504F + kRound;
  const float n = shifted - kRound;
  const float r = (v - n * 0.693359375F) + n * 2.12194440e-4F;  // ln 2 in two parts, the first exact
  float sum = 1.0F / 5040;
  sum = sum * r + 1.0F / 720;
  sum = sum * r + 1.0F / 120;
  sum = sum * r + 1.0F / 24;
  sum = sum * r + 1.0F / 6;
  sum = sum * r + 0.5F;
  sum = sum * r + 1.0F;
  sum = sum * r + 1.0F;
  const uint32_t exponent = (std::bit_cast<uint32_t>(shifted) - 0x4B400000U + 127U) << 23;
  return sum * std::bit_cast<float>(exponent);
}

}  // namespace twofour::cpu
