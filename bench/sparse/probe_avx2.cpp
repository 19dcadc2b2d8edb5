#include <immintrin.h>

#include "sparse/probe_loops.h"

namespace twofour::bench {
namespace {

__attribute__((target("avx2"))) float total_of(__m256 lanes) {
  alignas(32) float values[8];
  _mm256_store_ps(values, lanes);
  float total = 0;
  for (const float v : values) total += v;
  return total;
}

}  // namespace

__attribute__((target("avx2,fma"))) float fma_avx2(int64_t steps) {
  __m256 sums[kAccumulators];
  const __m256 scale = _mm256_set1_ps(0.5F), offset = _mm256_set1_ps(1.0F);
  for (__m256& sum : sums) sum = offset;
  for (int64_t step = 0; step < steps; ++step)
#pragma GCC unroll 12
    for (int i = 0; i < kAccumulators; ++i) sums[i] = _mm256_fmadd_ps(sums[i], scale, offset);
  __m256 total = _mm256_setzero_ps();
  for (const __m256& sum : sums) total = _mm256_add_ps(total, sum);
  return total_of(total);
}

__attribute__((target("avx2"))) float read_avx2(const float* data, int64_t count) {
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
  for (int64_t i = 0; i < count; i += 32) {
    a = _mm256_add_ps(a, _mm256_load_ps(data + i));
    b = _mm256_add_ps(b, _mm256_load_ps(data + i + 8));
    c = _mm256_add_ps(c, _mm256_load_ps(data + i + 16));
    d = _mm256_add_ps(d, _mm256_load_ps(data + i + 24));
  }
  return total_of(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
}

}  // namespace twofour::bench
