#include "cpu/native/quantisation/value_range.h"

#include <span>

#include "cpu/native/simd.h"

namespace twofour::cpu {

ValueRange range_of(const float* src, int64_t n) {
  ValueRange range;
  run_simd([=, &range]() TWOFOUR_INLINE {
    float low = 0, high = 0;
#pragma omp simd reduction(min : low) reduction(max : high)
    for (int64_t i = 0; i < n; ++i) {
      low = src[i] < low ? src[i] : low;
      high = src[i] > high ? src[i] : high;
    }
    range = {low, high};
  });
  return range;
}

ValueRange range_of(const float* src, int64_t numel, ValueRange* pieces) {
  for_each_piece(numel, [&](int64_t piece, int64_t at, int64_t n) { pieces[piece] = range_of(src + at, n); });
  ValueRange whole;
  for (const ValueRange& range : std::span(pieces, static_cast<size_t>(ceil_div(numel, kLongestRun))))
    whole = {std::min(whole.low, range.low), std::max(whole.high, range.high)};
  return whole;
}

}  // namespace twofour::cpu
