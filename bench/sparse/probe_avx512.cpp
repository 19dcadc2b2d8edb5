#include <immintrin.h>

#include "sparse/probe_loops.h"

namespace twofour::bench {
namespace {

__attribute__((target("avx512f"))) float total_of(__m512 lanes) {
  alignas(64) float values[16];
  _mm512_store_ps(values, lanes);
  float total = 0;
  for (const float v : values) total += v;
  return total;
}

}  // namespace

__attribute__((target("avx512f"))) float fma_avx512(int64_t steps) {
  __m512 sums[kAccumulators];
  const __m512 scale = _mm512_set1_ps(0.5F), offset = _mm512_set1_ps(1.0F);
  for (__m512& sum : sums) sum = offset;
  for (int64_t step = 0; step < steps; ++step)
#pragma GCC unroll 12
    for (int i = 0; i < kAccumulators; ++i) sums[i] = _mm512_fmadd_ps(sums[i], scale, offset);
  __m512 total = _mm512_setzero_ps();
  for (const __m512& sum : sums) total = _mm512_add_ps(total, sum);
  return total_of(total);
}

__attribute__((target("avx512f"))) float read_avx512(const float* data, int64_t count) {
  __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
  for (int64_t i = 0; i < count; i += 64) {
    a = _mm512_add_ps(a, _mm512_load_ps(data + i));
    b = _mm512_add_ps(b, _mm512_load_ps(data + i + 16));
    c = _mm512_add_ps(c, _mm512_load_ps(data + i + 32));
    d = _mm512_add_ps(d, _mm512_load_ps(data + i + 48));
  }
  return total_of(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
}

}  // namespace twofour::bench
