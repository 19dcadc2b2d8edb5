#include <algorithm>
#include <array>
#include <utility>

#include "cpu/intrinsics.h"
#include "cpu/native/simd.h"
#include "cpu/sparse24/listed_blocks.h"

#define TWOFOUR_LISTED __attribute__((target("avx2,fma")))

namespace twofour::cpu {
namespace {

constexpr int kLanes = 8;
constexpr int kMaxVectors = 14;  // sums; the other registers hold the broadcast value
constexpr int64_t kMaxPanels = kMaxVectors / 2;

/// Rows of W at a time for a strip of so many vectors: enough sums that no addition waits for another.
constexpr int rows_for(int vectors) { return vectors == 1 ? 8 : vectors >= 8 ? 1 : kMaxVectors / vectors; }

template <typename T>
inline T* at(T* base, int64_t bytes) {
  return reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(base) + static_cast<uintptr_t>(bytes));
}

template <int kVectors, int kRows>
struct Sums {
  __m256 v[kRows][kVectors];
};

/// Applies fn(row, vector, sum) to all sums.
template <int kVectors, int kRows, typename Fn>
TWOFOUR_LISTED TWOFOUR_INLINE inline void for_each(Sums<kVectors, kRows>& sums, const Fn& fn) {
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 14
    for (int i = 0; i < kVectors; ++i) fn(r, i, sums.v[r][i]);
  }
}

/// Vector i of a row's partial sums.
inline float* sum_at(const BlockArgs& args, int64_t row, int i) {
  return at(args.sum, i / 2 * args.sum_stride + row * kPanelRowBytes) + i % 2 * kLanes;
}

template <int kVectors, int kRows>
TWOFOUR_LISTED TWOFOUR_INLINE inline void start(const ListedBlock& block, const BlockArgs& args, int64_t row,
                                                Sums<kVectors, kRows>& sums) {
  if (!block.first) {
    for_each(sums, [&](int r, int i, __m256& v)
                       TWOFOUR_LISTED TWOFOUR_INLINE { v = _mm256_loadu_ps(sum_at(args, row + r, i)); });
  } else if (block.bias) {
    for_each(sums, [&](int r, int, __m256& v)
                       TWOFOUR_LISTED TWOFOUR_INLINE { v = _mm256_broadcast_ss(block.bias + row + r); });
  } else {
    for_each(sums, [&](int, int, __m256& v) TWOFOUR_LISTED TWOFOUR_INLINE { v = _mm256_setzero_ps(); });
  }
}

template <int kVectors, int kRows>
TWOFOUR_LISTED TWOFOUR_INLINE inline void multiply(const ListedBlock& block, const BlockArgs& args,
                                                   int64_t row, Sums<kVectors, kRows>& sums) {
  const float* x[(kVectors + 1) / 2];
#pragma GCC unroll 7
  for (int p = 0; p < (kVectors + 1) / 2; ++p) x[p] = at(args.x, p * args.x_stride);
  const int64_t kept = block.kept;
  const ListedWeight* weights = block.weights + row * kept;
  for (const ListedWeight* end = weights + kept; weights != end; ++weights) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m256 value = _mm256_broadcast_ss(&weights[r * kept].value);
      const int64_t offset = weights[r * kept].offset;
#pragma GCC unroll 14
      for (int i = 0; i < kVectors; ++i)
        sums.v[r][i] =
            _mm256_fmadd_ps(value, _mm256_loadu_ps(at(x[i / 2], offset) + i % 2 * kLanes), sums.v[r][i]);
    }
  }
}

template <int kVectors, int kRows>
TWOFOUR_LISTED TWOFOUR_INLINE inline void finish(const ListedBlock& block, const BlockArgs& args, int64_t row,
                                                 Sums<kVectors, kRows>& sums) {
  if (!block.last) {
    for_each(sums, [&](int r, int i, __m256& v)
                       TWOFOUR_LISTED TWOFOUR_INLINE { _mm256_storeu_ps(sum_at(args, row + r, i), v); });
    return;
  }
  const PanelTarget* targets = args.targets;
  if (block.residual)
    for_each(sums, [&](int r, int i, __m256& v) TWOFOUR_LISTED TWOFOUR_INLINE {
      const PanelTarget& target = targets[i / 2];
      v = _mm256_add_ps(v,
                        _mm256_loadu_ps(at(target.residual, (row + r) * target.row_stride) + i % 2 * kLanes));
    });
  const __m256 lo = _mm256_set1_ps(block.lo), hi = _mm256_set1_ps(block.hi);
  for_each(sums, [&](int r, int i, __m256& v) TWOFOUR_LISTED TWOFOUR_INLINE {
    const PanelTarget& target = targets[i / 2];
    // max and min return their second operand when either is NaN.
    v = _mm256_min_ps(hi, _mm256_max_ps(lo, v));
    _mm256_storeu_ps(at(target.dst, (row + r) * target.row_stride) + i % 2 * kLanes, v);
  });
}

template <int kVectors, int kRows>
TWOFOUR_LISTED void run_rows(const ListedBlock& block, const BlockArgs& args, int64_t row) {
  Sums<kVectors, kRows> sums;
  start(block, args, row, sums);
  multiply(block, args, row, sums);
  finish(block, args, row, sums);
}

template <int kVectors>
void run_strip(const ListedBlock& block, const BlockArgs& args) {
  constexpr int kRows = rows_for(kVectors);
  int64_t row = 0;
  for (; row + kRows <= block.rows; row += kRows) run_rows<kVectors, kRows>(block, args, row);
  for (; row < block.rows; ++row) run_rows<kVectors, 1>(block, args, row);
}

using StripFn = void (*)(const ListedBlock&, const BlockArgs&);

template <int... kIndex>
constexpr std::array<StripFn, sizeof...(kIndex)> strips(std::integer_sequence<int, kIndex...>) {
  return {run_strip<kIndex + 1>...};
}

}  // namespace

void run_listed_block_avx2(const ListedBlock& block, const BlockArgs& args) {
  static constexpr auto kStrips = strips(std::make_integer_sequence<int, kMaxVectors>());
  const int64_t count = (args.panels + kMaxPanels - 1) / kMaxPanels;
  for (int64_t i = 0; i < count; ++i) {
    const Range panels{args.panels * i / count, args.panels * (i + 1) / count};
    BlockArgs strip = args;
    strip.x = at(args.x, panels.begin * args.x_stride);
    strip.sum = at(args.sum, panels.begin * args.sum_stride);
    if (args.targets) strip.targets = args.targets + panels.begin;
    const bool half = panels.end == args.panels && args.last_lanes <= kLanes;
    kStrips[static_cast<size_t>(2 * panels.size() - half - 1)](block, strip);
  }
}

}  // namespace twofour::cpu
