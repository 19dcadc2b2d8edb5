// Sixteen 8-bit codes as sixteen lanes, for the kernels whose results are codes.
#pragma once

#include <cstddef>

#include "cpu/transpose_avx512.h"

#define TWOFOUR_AVX512_OP TWOFOUR_AVX512 inline __attribute__((always_inline))

namespace twofour::cpu {

/// The codes of the mask's lanes as numbers.
TWOFOUR_AVX512_OP __m512 load_codes(__mmask16 mask, const std::byte* src, bool is_signed) {
  const __m128i codes = _mm_maskz_loadu_epi8(mask, src);
  return _mm512_cvtepi32_ps(is_signed ? _mm512_cvtepi8_epi32(codes) : _mm512_cvtepu8_epi32(codes));
}

/// The nearest whole numbers, halves to even; of values within 32 bits.
TWOFOUR_AVX512_OP __m512i rounded(__m512 values) {
  return _mm512_cvt_roundps_epi32(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// Saturated.
TWOFOUR_AVX512_OP void store_codes(__mmask16 mask, __m512i codes, bool is_signed, std::byte* dst) {
  _mm_mask_storeu_epi8(dst, mask,
                       is_signed ? _mm512_cvtsepi32_epi8(codes)
                                 : _mm512_cvtusepi32_epi8(_mm512_max_epi32(codes, _mm512_setzero_si512())));
}

}  // namespace twofour::cpu
