// What works along the middle axis of memory seen as [outer, size, inner]: blocks of columns, and the fold of
// one row.
#pragma once

#include <algorithm>

#include "base/align.h"
#include "base/parallel.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {

/// Calls fn(first element of the block, columns, where its results begin in [outer, inner]) in parallel for
/// blocks of at most `most` columns.
template <typename View, typename Fn>
void for_each_block(const View& view, int64_t most, const Fn& fn) {
  constexpr int64_t kGrain = 16384;  // elements
  const int64_t blocks = ceil_div(view.inner, most);
  const int64_t unit = std::max<int64_t>(1, view.size * std::min(view.inner, most));
  parallel_ranges(view.outer * blocks, ceil_div(kGrain, unit), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t o = i / blocks;
      const int64_t column = i % blocks * most;
      fn(o * view.size * view.inner + column, std::min(most, view.inner - column), o * view.inner + column);
    }
  });
}

/// Op over n > 0 neighbours, in any order.
template <typename T, typename Op>
T fold_row(const T* src, int64_t n) {
  constexpr int64_t kLanes = 32;
  T result = src[0];
  run_simd([=, &result]() TWOFOUR_INLINE {
    constexpr Op op;
    T folded = src[0];
    int64_t i = 1;
    if (n >= 2 * kLanes) {
      T lanes[kLanes];
      for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] = src[lane];
      for (i = kLanes; i + kLanes <= n; i += kLanes)
#pragma omp simd
        for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] = op(lanes[lane], src[i + lane]);
      folded = lanes[0];
      for (int64_t lane = 1; lane < kLanes; ++lane) folded = op(folded, lanes[lane]);
    }
    for (; i < n; ++i) folded = op(folded, src[i]);
    result = folded;
  });
  return result;
}

}  // namespace twofour::cpu
