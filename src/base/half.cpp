#include "base/half.h"

#include <immintrin.h>

#include <cmath>

#include "base/cpu.h"

namespace twofour {

float to_float(f16 value) {
  const uint32_t sign = uint32_t{value.bits & 0x8000u} << 16;
  const uint32_t exponent = (value.bits >> 10) & 0x1f;
  const uint32_t mantissa = value.bits & 0x3ff;
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  const uint32_t top = exponent == 31 ? 0xffu : exponent + 112;
  const uint32_t quiet = exponent == 31 && mantissa ? 0x400000u : 0;
  return std::bit_cast<float>(sign | top << 23 | mantissa << 13 | quiet);
}

f16 to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return {static_cast<uint16_t>(sign | 0x7e00 | (magnitude >> 13 & 0x3ff))};
  if (magnitude >= 0x477ff000) return {static_cast<uint16_t>(sign | 0x7c00)};
  if (magnitude < 0x38800000) {  // subnormal or zero: the scaled value is rounded to an integer
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p24f;
    return {static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyintf(scaled)))};
  }
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return {static_cast<uint16_t>(sign | ((rounded - 0x38000000) >> 13))};
}

namespace {

[[gnu::target("avx,f16c")]] size_t to_f16_f16c(const float* src, f16* dst, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(src + i), _MM_FROUND_TO_NEAREST_INT));
  return i;
}
[[gnu::target("avx,f16c")]] size_t from_f16_f16c(const f16* src, float* dst, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i))));
  return i;
}

/// The loop for the instruction set of the function that it is inlined into.
template <typename From, typename To, typename Fn>
[[gnu::always_inline]] inline void convert_all(const From* src, To* dst, size_t n, Fn fn) {
#pragma omp simd
  for (size_t i = 0; i < n; ++i) dst[i] = fn(src[i]);
}

constexpr auto kToBf16 = [](float v) { return to_bf16(v); };
constexpr auto kFromBf16 = [](bf16 v) { return to_float(v); };

template <typename From, typename To, typename Fn>
[[gnu::target("avx512f,avx512bw,avx512vl")]] void convert_avx512(const From* src, To* dst, size_t n, Fn fn) {
  convert_all(src, dst, n, fn);
}
template <typename From, typename To, typename Fn>
[[gnu::target("avx2")]] void convert_avx2(const From* src, To* dst, size_t n, Fn fn) {
  convert_all(src, dst, n, fn);
}

template <typename From, typename To, typename Fn>
void convert_widest(std::span<const From> src, std::span<To> dst, Fn fn) {
  if (max_isa() >= Isa::kAvx512) convert_avx512(src.data(), dst.data(), src.size(), fn);
  else if (max_isa() >= Isa::kAvx2) convert_avx2(src.data(), dst.data(), src.size(), fn);
  else convert_all(src.data(), dst.data(), src.size(), fn);
}

}  // namespace

void convert(std::span<const float> src, std::span<f16> dst) {
  size_t i = cpu_has(CpuFeature::kF16C) ? to_f16_f16c(src.data(), dst.data(), src.size()) : 0;
  for (; i < src.size(); ++i) dst[i] = to_f16(src[i]);
}
void convert(std::span<const f16> src, std::span<float> dst) {
  size_t i = cpu_has(CpuFeature::kF16C) ? from_f16_f16c(src.data(), dst.data(), src.size()) : 0;
  for (; i < src.size(); ++i) dst[i] = to_float(src[i]);
}
void convert(std::span<const float> src, std::span<bf16> dst) { convert_widest(src, dst, kToBf16); }
void convert(std::span<const bf16> src, std::span<float> dst) { convert_widest(src, dst, kFromBf16); }

}  // namespace twofour
