#include <immintrin.h>

#include "cpu/native/simd.h"
#include "sparse/probe_loops.h"

#define TWOFOUR_PROBE_TARGET __attribute__((target("avx2,fma")))
#define TWOFOUR_SIMD_OP TWOFOUR_PROBE_TARGET TWOFOUR_INLINE static inline

namespace twofour::bench {
namespace {

struct Simd {
  using Vector = __m256;
  static constexpr int kLanes = 8;

  TWOFOUR_SIMD_OP Vector all(float v) { return _mm256_set1_ps(v); }
  TWOFOUR_SIMD_OP Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  TWOFOUR_SIMD_OP Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  TWOFOUR_SIMD_OP Vector load(const float* src) { return _mm256_load_ps(src); }
  TWOFOUR_SIMD_OP void store(float* dst, Vector v) { _mm256_store_ps(dst, v); }
};

#include "sparse/probe_simd.inc"

}  // namespace

float fma_avx2(int64_t steps) { return fma_loop(steps); }

float read_avx2(const float* data, int64_t count) { return read_loop(data, count); }

}  // namespace twofour::bench
