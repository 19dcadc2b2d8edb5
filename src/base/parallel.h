// The one thread pool is OpenMP's, which oneDNN shares.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace twofour {

inline int max_threads() { return omp_get_max_threads(); }
inline void set_max_threads(int threads) { omp_set_num_threads(std::max(threads, 1)); }

/// fn(begin, end) on disjoint ranges that cover [0, n), at least `grain` items each. fn must not throw.
template <typename Fn>
void parallel_ranges(int64_t n, int64_t grain, Fn&& fn) {
  const int64_t parts = std::clamp<int64_t>(n / std::max<int64_t>(grain, 1), 1, max_threads());
  if (parts == 1 || omp_in_parallel()) {
    if (n > 0) fn(int64_t{0}, n);
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(static_cast<int>(parts))
  for (int64_t part = 0; part < parts; ++part) fn(n * part / parts, n * (part + 1) / parts);
}

}  // namespace twofour
