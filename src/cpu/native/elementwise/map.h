// The loop of every function of one f32.
#pragma once

#include <cstdint>

#include "base/parallel.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {

/// dst[i] = op(src[i]), in parallel, in any order of memory. src may be dst.
template <typename Op>
void map_floats(const float* src, float* dst, int64_t numel, Op op) {
  constexpr int64_t kGrain = 16384;
  parallel_ranges(numel, kGrain, [&](int64_t begin, int64_t end) {
    run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) dst[i] = op(src[i]);
    });
  });
}

}  // namespace twofour::cpu
