// In-register transpose of sixteen rows of sixteen f32.
#pragma once

#include <cstdint>

#include "cpu/intrinsics.h"

#define TWOFOUR_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

namespace twofour::cpu {

// Not std::array, which drops the vector type's attributes.
struct Rows16 {
  __m512 row[16];
};

TWOFOUR_AVX512 inline __attribute__((always_inline)) void transpose16(Rows16& m) {
  __m512 t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(m.row[i], m.row[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(m.row[i], m.row[i + 1]);
  }
  // m.row[4q + j]: within each 128-bit lane l, column 4l + j of rows 4q .. 4q+3.
  for (int i = 0; i < 16; i += 4) {
    const __m512d a = _mm512_castps_pd(t[i]), b = _mm512_castps_pd(t[i + 1]);
    const __m512d c = _mm512_castps_pd(t[i + 2]), d = _mm512_castps_pd(t[i + 3]);
    m.row[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    m.row[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    m.row[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    m.row[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
  }
  for (int j = 0; j < 4; ++j) {
    const __m512 lo01 = _mm512_shuffle_f32x4(m.row[j], m.row[4 + j], 0x44);
    const __m512 hi01 = _mm512_shuffle_f32x4(m.row[j], m.row[4 + j], 0xee);
    const __m512 lo23 = _mm512_shuffle_f32x4(m.row[8 + j], m.row[12 + j], 0x44);
    const __m512 hi23 = _mm512_shuffle_f32x4(m.row[8 + j], m.row[12 + j], 0xee);
    t[j] = _mm512_shuffle_f32x4(lo01, lo23, 0x88);
    t[4 + j] = _mm512_shuffle_f32x4(lo01, lo23, 0xdd);
    t[8 + j] = _mm512_shuffle_f32x4(hi01, hi23, 0x88);
    t[12 + j] = _mm512_shuffle_f32x4(hi01, hi23, 0xdd);
  }
  for (int i = 0; i < 16; ++i) m.row[i] = t[i];
}

/// The low `count` lanes, 0 <= count <= 16.
inline __mmask16 first_lanes(int64_t count) { return static_cast<__mmask16>((1U << count) - 1); }

}  // namespace twofour::cpu
