// The range that dynamic quantisation makes codes for.
#pragma once

#include <algorithm>

#include "cpu/native/loop_nest.h"

namespace twofour::cpu {

/// Of values and 0; NaN is passed over.
struct ValueRange {
  float low = 0;
  float high = 0;
};

ValueRange range_of(const float* src, int64_t n);

/// fn(piece, where it begins, its length) for pieces of so many elements, in parallel.
template <typename Fn>
void for_each_piece(int64_t numel, const Fn& fn) {
  parallel_ranges(ceil_div(numel, kLongestRun), 1, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece)
      fn(piece, piece * kLongestRun, std::min(kLongestRun, numel - piece * kLongestRun));
  });
}

/// In parallel, with a range for each piece in `pieces`, which has range_bytes(numel).
ValueRange range_of(const float* src, int64_t numel, ValueRange* pieces);
inline size_t range_bytes(int64_t numel) {
  return static_cast<size_t>(ceil_div(numel, kLongestRun)) * sizeof(ValueRange);
}

}  // namespace twofour::cpu
