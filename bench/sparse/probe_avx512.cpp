#include <immintrin.h>

#include "cpu/native/simd.h"
#include "sparse/probe_loops.h"

#define TWOFOUR_PROBE_TARGET __attribute__((target("avx512f")))
#define TWOFOUR_SIMD_OP TWOFOUR_PROBE_TARGET TWOFOUR_INLINE static inline

namespace twofour::bench {
namespace {

struct Simd {
  using Vector = __m512;
  static constexpr int kLanes = 16;

  TWOFOUR_SIMD_OP Vector all(float v) { return _mm512_set1_ps(v); }
  TWOFOUR_SIMD_OP Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  TWOFOUR_SIMD_OP Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  TWOFOUR_SIMD_OP Vector load(const float* src) { return _mm512_load_ps(src); }
  TWOFOUR_SIMD_OP void store(float* dst, Vector v) { _mm512_store_ps(dst, v); }
};

#include "sparse/probe_simd.inc"

}  // namespace

float fma_avx512(int64_t steps) { return fma_loop(steps); }

float read_avx512(const float* data, int64_t count) { return read_loop(data, count); }

}  // namespace twofour::bench
