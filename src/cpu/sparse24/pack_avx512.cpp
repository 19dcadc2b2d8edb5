#include <algorithm>
#include <bit>

#include "cpu/native/simd.h"
#include "cpu/sparse24/code_output.h"
#include "cpu/sparse24/pack.h"
#include "cpu/transpose_avx512.h"

#define TWOFOUR_PACK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define TWOFOUR_SIMD_OP TWOFOUR_PACK_TARGET TWOFOUR_INLINE static inline

namespace twofour::cpu {
namespace {

struct Simd {
  using Vector = __m512;
  using Mask = __mmask16;
  static constexpr int kLanes = 16;
  using Square = Rows16;

  TWOFOUR_SIMD_OP Mask mask(uint64_t bits) { return static_cast<Mask>(bits); }
  TWOFOUR_SIMD_OP Mask both(Mask a, Mask b) { return static_cast<Mask>(a & b); }
  TWOFOUR_SIMD_OP Vector zero() { return _mm512_setzero_ps(); }
  TWOFOUR_SIMD_OP Vector all(float v) { return _mm512_set1_ps(v); }
  TWOFOUR_SIMD_OP Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  TWOFOUR_SIMD_OP Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  TWOFOUR_SIMD_OP Vector min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  TWOFOUR_SIMD_OP Vector load(const float* src) { return _mm512_load_ps(src); }
  TWOFOUR_SIMD_OP Vector load(Mask mask, const float* src) { return _mm512_maskz_loadu_ps(mask, src); }
  /// `v` with the lanes of the mask, which are zero in it, from src.
  TWOFOUR_SIMD_OP Vector load_into(Vector v, Mask mask, const float* src) {
    return _mm512_mask_loadu_ps(v, mask, src);
  }
  TWOFOUR_SIMD_OP void store(float* dst, Vector v) { _mm512_store_ps(dst, v); }
  TWOFOUR_SIMD_OP void store(float* dst, Mask mask, Vector v) { _mm512_mask_storeu_ps(dst, mask, v); }
  TWOFOUR_SIMD_OP Vector flip(Vector v, uint32_t bits) {
    return _mm512_xor_ps(v, _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(bits))));
  }
  /// `a` with the lanes of the mask from b.
  TWOFOUR_SIMD_OP Vector select(Vector a, Mask mask, Vector b) { return _mm512_mask_mov_ps(a, mask, b); }
  TWOFOUR_SIMD_OP Vector even(Vector low, Vector high) {
    const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    return _mm512_permutex2var_ps(low, even, high);
  }
  TWOFOUR_SIMD_OP void transpose(Square& m) { transpose16(m); }
};

#include "cpu/sparse24/pack_simd.inc"

}  // namespace

const PanelCopies& panel_copies_avx512() { return kPanelCopies; }

}  // namespace twofour::cpu
