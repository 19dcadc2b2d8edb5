#include <utility>

#include "base/half.h"
#include "cpu/intrinsics.h"
#include "cpu/native/simd.h"
#include "cpu/sparse24/gemv_format.h"
#include "cpu/sparse24/gemv_panel.h"

#define TWOFOUR_GEMV_TARGET __attribute__((target("avx2,fma,f16c")))
#define TWOFOUR_SIMD_OP TWOFOUR_GEMV_TARGET TWOFOUR_INLINE static inline

namespace twofour::cpu {
namespace {

struct Simd {
  using Vector = __m256;
  using Codes = __m256i;
  static constexpr int kLanes = 8;
  static constexpr int kSumRegisters = 8;

  TWOFOUR_SIMD_OP Vector zero() { return _mm256_setzero_ps(); }
  TWOFOUR_SIMD_OP Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  TWOFOUR_SIMD_OP Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  TWOFOUR_SIMD_OP void prefetch(const void* at) { _mm_prefetch(at, _MM_HINT_T0); }
  TWOFOUR_SIMD_OP void store(float* dst, Vector v) { _mm256_storeu_ps(dst, v); }
  TWOFOUR_SIMD_OP Codes codes(const void* src) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(src));
  }
  TWOFOUR_SIMD_OP Codes next(Codes codes) { return _mm256_srli_epi32(codes, 2); }
  TWOFOUR_SIMD_OP Vector pick(Vector quad, Codes codes) { return _mm256_permutevar_ps(quad, codes); }

  TWOFOUR_SIMD_OP Vector values(const float* src) { return _mm256_loadu_ps(src); }
  TWOFOUR_SIMD_OP Vector values(const f16* src) { return _mm256_cvtph_ps(load128(src)); }
  TWOFOUR_SIMD_OP Vector values(const bf16* src) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load128(src)), 16));
  }
  TWOFOUR_SIMD_OP Vector values(const int8_t* src) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(src))));
  }

 private:
  TWOFOUR_SIMD_OP __m128i load128(const void* src) {
    return _mm_loadu_si128(static_cast<const __m128i*>(src));
  }
};

#include "cpu/sparse24/gemv_panel.inc"

}  // namespace

GemvPanelFn gemv_panel_avx2(DType stored, int items) { return panel_for<kGemvItemsAvx2>(stored, items); }

}  // namespace twofour::cpu
