// Functions that the compiler can turn into vector code when they are inlined into a loop of run_simd.
#pragma once

#include <bit>
#include <cstdint>

#include "cpu/native/simd.h"

namespace twofour::cpu {

/// e^v within 2 units in the last place where that is a normal number; below those 0, above inf. NaN stays
/// NaN. v = n ln 2 + r with |r| <= ln 2 / 2, Taylor series of e^r, n into the exponent in two steps, since
/// 2^128 has no float.
TWOFOUR_INLINE inline float vector_exp(float v) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it drops the fraction
  constexpr float kLowest = -87.33654F;  // ln of the smallest normal number
  float w = v < kLowest ? kLowest : v;
  w = w > 89.0F ? 89.0F : w;
  const float shifted = w * 1.44269504F + kRound;
  const float n = shifted - kRound;
  const float r = (w - n * 0.693359375F) + n * 2.12194440e-4F;  // ln 2 in two parts, the first exact
  float sum = 1.0F / 5040;
  sum = sum * r + 1.0F / 720;
  sum = sum * r + 1.0F / 120;
  sum = sum * r + 1.0F / 24;
  sum = sum * r + 1.0F / 6;
  sum = sum * r + 0.5F;
  sum = sum * r + 1.0F;
  sum = sum * r + 1.0F;
  const int32_t exponent = std::bit_cast<int32_t>(shifted) - 0x4B400000;
  const int32_t half = exponent >> 1;
  const float first = std::bit_cast<float>(static_cast<uint32_t>(half + 127) << 23);
  const float second = std::bit_cast<float>(static_cast<uint32_t>(exponent - half + 127) << 23);
  const float result = sum * first * second;
  return v < kLowest ? 0.0F : result;
}

/// e^v - 1 for v <= 0, without losing digits near 0.
TWOFOUR_INLINE inline float vector_expm1_of_negative(float v) {
  float sum = 1.0F / 720;
  sum = sum * v + 1.0F / 120;
  sum = sum * v + 1.0F / 24;
  sum = sum * v + 1.0F / 6;
  sum = sum * v + 0.5F;
  const float near = v + v * v * sum;
  const float far = vector_exp(v) - 1.0F;
  return v > -0.25F ? near : far;
}

TWOFOUR_INLINE inline float vector_sigmoid(float v) { return 1.0F / (1.0F + vector_exp(-v)); }

TWOFOUR_INLINE inline float vector_tanh(float v) {
  const float magnitude = v < 0 ? -v : v;
  const float square = v * v;
  // Near 0 the difference below loses digits; there the series does not.
  const float series = v * (1.0F + square * (-1.0F / 3 + square * (2.0F / 15 + square * (-17.0F / 315))));
  const float far = 1.0F - 2.0F / (vector_exp(2.0F * magnitude) + 1.0F);
  return magnitude < 0.15F ? series : v < 0 ? -far : far;
}

/// erf(v) within 2 units in the last place; +-0, +-inf and NaN exactly. Two minimax polynomials, the outer
/// one of log(1 - erf).
TWOFOUR_INLINE inline float vector_erf(float v) {
  const float magnitude = v < 0 ? -v : v;
  const float square = v * v;
  float near = -5.96761703e-4F;
  near = near * square + 4.99119423e-3F;
  near = near * square - 2.67681349e-2F;
  near = near * square + 1.12819925e-1F;
  near = near * square - 3.76125336e-1F;
  near = near * square + 1.28379166e-1F;
  near = near * v + v;
  float log_rest = -1.72853470e-5F * magnitude + 3.83197126e-4F;
  log_rest = log_rest * square + (-3.88396438e-3F * magnitude + 2.42546219e-2F);
  log_rest = log_rest * magnitude - 1.06777877e-1F;
  log_rest = log_rest * magnitude - 6.34846687e-1F;
  log_rest = log_rest * magnitude - 1.28717512e-1F;
  log_rest = log_rest * magnitude - magnitude;
  const float far = 1.0F - vector_exp(log_rest);
  return magnitude > 0.927734375F ? (v < 0 ? -far : far) : near;
}

/// log(1 + e^v) within 4 units in the last place where that is a normal number. log(1 + e) = 2 artanh(s) with
/// s = e / (2 + e), of which the Taylor series.
TWOFOUR_INLINE inline float vector_softplus(float v) {
  const float e = vector_exp(v < 0 ? v : -v);
  const float s = e / (2.0F + e);
  const float square = s * s;
  float sum = 1.0F / 15;
  sum = sum * square + 1.0F / 13;
  sum = sum * square + 1.0F / 11;
  sum = sum * square + 1.0F / 9;
  sum = sum * square + 1.0F / 7;
  sum = sum * square + 1.0F / 5;
  sum = sum * square + 1.0F / 3;
  return (v > 0 ? v : 0.0F) + 2.0F * (s + s * square * sum);
}

/// v * tanh(log(1 + e^v)) within 5 units in the last place; 0 where e^v is no normal number. tanh(log(1 + e))
/// = n / (n + 2) with n = e (e + 2), which is 1 from v = 20 on.
TWOFOUR_INLINE inline float vector_mish(float v) {
  const float e = vector_exp(v > 20.0F ? 20.0F : v);
  const float n = e * (e + 2.0F);
  return v * (n / (n + 2.0F));
}

/// v * P(v) with P the normal distribution, absolute error below 2e-7 |v|: erfc by Abramowitz and
/// Stegun 7.1.26.
TWOFOUR_INLINE inline float vector_gelu(float v) {
  const float x = (v < 0 ? -v : v) * 0.70710678F;
  const float t = 1.0F / (1.0F + 0.3275911F * x);
  float sum = 1.061405429F;
  sum = sum * t - 1.453152027F;
  sum = sum * t + 1.421413741F;
  sum = sum * t - 0.284496736F;
  sum = sum * t + 0.254829592F;
  const float tail = 0.5F * sum * t * vector_exp(-x * x);
  return v * (v < 0 ? tail : 1.0F - tail);
}

}  // namespace twofour::cpu
