#include <algorithm>
#include <bit>

#include "cpu/intrinsics.h"
#include "cpu/native/simd.h"
#include "cpu/sparse24/code_output.h"
#include "cpu/sparse24/pack.h"

#define TWOFOUR_PACK_TARGET __attribute__((target("avx2,fma")))
#define TWOFOUR_SIMD_OP TWOFOUR_PACK_TARGET TWOFOUR_INLINE static inline

namespace twofour::cpu {
namespace {

struct Simd {
  using Vector = __m256;
  struct Mask {
    __m256i lanes;
    bool full;  // plain loads and stores are quicker than masked ones
  };
  static constexpr int kLanes = 8;
  struct Square {
    Vector row[8];
  };

  TWOFOUR_SIMD_OP Mask mask(uint64_t bits) {
    const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i set = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits & 255)), lane);
    return {_mm256_cmpeq_epi32(set, lane), (bits & 255) == 255};
  }
  TWOFOUR_SIMD_OP Mask both(const Mask& a, const Mask& b) {
    return {_mm256_and_si256(a.lanes, b.lanes), a.full && b.full};
  }
  TWOFOUR_SIMD_OP Vector zero() { return _mm256_setzero_ps(); }
  TWOFOUR_SIMD_OP Vector all(float v) { return _mm256_set1_ps(v); }
  TWOFOUR_SIMD_OP Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  TWOFOUR_SIMD_OP Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  TWOFOUR_SIMD_OP Vector min(Vector a, Vector b) { return _mm256_min_ps(a, b); }
  TWOFOUR_SIMD_OP Vector load(const float* src) { return _mm256_load_ps(src); }
  TWOFOUR_SIMD_OP Vector load(const Mask& mask, const float* src) {
    return mask.full ? _mm256_loadu_ps(src) : _mm256_maskload_ps(src, mask.lanes);
  }
  /// `v` with the lanes of the mask, which are zero in it, from src.
  TWOFOUR_SIMD_OP Vector load_into(Vector v, const Mask& mask, const float* src) {
    return _mm256_or_ps(v, load(mask, src));
  }
  TWOFOUR_SIMD_OP void store(float* dst, Vector v) { _mm256_store_ps(dst, v); }
  TWOFOUR_SIMD_OP void store(float* dst, const Mask& mask, Vector v) {
    mask.full ? _mm256_storeu_ps(dst, v) : _mm256_maskstore_ps(dst, mask.lanes, v);
  }
  TWOFOUR_SIMD_OP Vector flip(Vector v, uint32_t bits) {
    return _mm256_xor_ps(v, _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(bits))));
  }
  /// `a` with the lanes of the mask from b.
  TWOFOUR_SIMD_OP Vector select(Vector a, const Mask& mask, Vector b) {
    return _mm256_blendv_ps(a, b, _mm256_castsi256_ps(mask.lanes));
  }
  TWOFOUR_SIMD_OP Vector even(Vector low, Vector high) {
    const __m256d pairs = _mm256_castps_pd(_mm256_shuffle_ps(low, high, 0x88));
    return _mm256_castpd_ps(_mm256_permute4x64_pd(pairs, 0xd8));
  }
  TWOFOUR_SIMD_OP void transpose(Square& m) {
    __m256 t[8];
    for (int i = 0; i < 8; i += 2) {
      t[i] = _mm256_unpacklo_ps(m.row[i], m.row[i + 1]);
      t[i + 1] = _mm256_unpackhi_ps(m.row[i], m.row[i + 1]);
    }
    // m.row[4q + j]: within each 128-bit lane l, column 4l + j of rows 4q .. 4q+3.
    for (int i = 0; i < 8; i += 4) {
      m.row[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
      m.row[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
      m.row[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
      m.row[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int j = 0; j < 4; ++j) {
      const __m256 low = m.row[j], high = m.row[4 + j];
      m.row[j] = _mm256_permute2f128_ps(low, high, 0x20);
      m.row[4 + j] = _mm256_permute2f128_ps(low, high, 0x31);
    }
  }
};

#include "cpu/sparse24/pack_simd.inc"

}  // namespace

const PanelCopies& panel_copies_avx2() { return kPanelCopies; }

}  // namespace twofour::cpu
