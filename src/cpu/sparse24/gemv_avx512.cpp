#include <utility>

#include "base/half.h"
#include "cpu/intrinsics.h"
#include "cpu/native/simd.h"
#include "cpu/sparse24/gemv_format.h"
#include "cpu/sparse24/gemv_panel.h"

#define TWOFOUR_GEMV_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define TWOFOUR_SIMD_OP TWOFOUR_GEMV_TARGET TWOFOUR_INLINE static inline

namespace twofour::cpu {
namespace {

struct Simd {
  using Vector = __m512;
  using Codes = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kSumRegisters = 16;

  TWOFOUR_SIMD_OP Vector zero() { return _mm512_setzero_ps(); }
  TWOFOUR_SIMD_OP Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  TWOFOUR_SIMD_OP Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  TWOFOUR_SIMD_OP void prefetch(const void* at) { _mm_prefetch(at, _MM_HINT_T0); }
  TWOFOUR_SIMD_OP void store(float* dst, Vector v) { _mm512_storeu_ps(dst, v); }
  TWOFOUR_SIMD_OP Codes codes(const void* src) { return _mm512_loadu_si512(src); }
  TWOFOUR_SIMD_OP Codes next(Codes codes) { return _mm512_srli_epi32(codes, 2); }
  TWOFOUR_SIMD_OP Vector pick(Vector quad, Codes codes) { return _mm512_permutevar_ps(quad, codes); }

  TWOFOUR_SIMD_OP Vector values(const float* src) { return _mm512_loadu_ps(src); }
  TWOFOUR_SIMD_OP Vector values(const f16* src) { return _mm512_cvtph_ps(load256(src)); }
  TWOFOUR_SIMD_OP Vector values(const bf16* src) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load256(src)), 16));
  }
  TWOFOUR_SIMD_OP Vector values(const int8_t* src) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src))));
  }

 private:
  TWOFOUR_SIMD_OP __m256i load256(const void* src) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(src));
  }
};

#include "cpu/sparse24/gemv_panel.inc"

}  // namespace

GemvPanelFn gemv_panel_avx512(DType stored, int items) { return panel_for<kGemvItemsAvx512>(stored, items); }

}  // namespace twofour::cpu
