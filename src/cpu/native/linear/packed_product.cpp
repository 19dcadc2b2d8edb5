#include "cpu/native/linear/packed_product.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 1 << 16;  // multiply-adds
constexpr int kMostRows = 6;         // whose sums AVX2 keeps in registers

using Panel [[gnu::vector_size(kProductPanel * sizeof(float))]] = float;

TWOFOUR_INLINE inline void load(Panel& to, const float* from) { std::memcpy(&to, from, sizeof(Panel)); }

/// One panel of R rows.
template <int R>
TWOFOUR_INLINE inline void panel_rows(const float* a, int64_t step, const float* b, int64_t k, float* dst,
                                      int64_t dst_step) {
  Panel sum[R];
  for (int r = 0; r < R; ++r) load(sum[r], dst + r * dst_step);
  for (int64_t i = 0; i < k; ++i) {
    Panel row;
    load(row, b + i * kProductPanel);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) sum[r] += row * a[r * step + i];
  }
  for (int r = 0; r < R; ++r) std::memcpy(dst + r * dst_step, &sum[r], sizeof(Panel));
}

/// A single row would wait for its one sum: four of them.
template <>
TWOFOUR_INLINE inline void panel_rows<1>(const float* a, int64_t, const float* b, int64_t k, float* dst,
                                         int64_t) {
  Panel sum[4] = {};
  load(sum[0], dst);
  int64_t i = 0;
  for (; i + 4 <= k; i += 4)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) {
      Panel row;
      load(row, b + (i + u) * kProductPanel);
      sum[u] += row * a[i + u];
    }
  for (; i < k; ++i) {
    Panel row;
    load(row, b + i * kProductPanel);
    sum[0] += row * a[i];
  }
  sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  std::memcpy(dst, &sum[0], sizeof(Panel));
}

TWOFOUR_INLINE inline void panel_of(const ProductRows& a, const float* b, int64_t k, float* dst,
                                    int64_t dst_step) {
  int64_t r = 0;
  const auto rows = [&]<int R>(std::integral_constant<int, R>) TWOFOUR_INLINE {
    panel_rows<R>(a.data + r * a.step, a.step, b, k, dst + r * dst_step, dst_step);
    r += R;
  };
  while (a.rows - r >= kMostRows) rows(std::integral_constant<int, kMostRows>());
  switch (a.rows - r) {
    case 5: return rows(std::integral_constant<int, 5>());
    case 4: return rows(std::integral_constant<int, 4>());
    case 3: return rows(std::integral_constant<int, 3>());
    case 2: return rows(std::integral_constant<int, 2>());
    case 1: return rows(std::integral_constant<int, 1>());
    default: return;
  }
}

}  // namespace

void add_packed_product(const ProductRows& a, const float* packed, int64_t k, int64_t first, int64_t last,
                        float* dst, int64_t dst_step) {
  run_simd([=]() TWOFOUR_INLINE {
    for (int64_t p = first; p < last; ++p)
      panel_of(a, packed + p * k * kProductPanel, k, dst + p * kProductPanel, dst_step);
  });
}

void add_packed_product(const ProductRows& a, const float* packed, int64_t k, int64_t columns, float* dst,
                        int64_t dst_step) {
  const int64_t grain = kGrain / std::max<int64_t>(1, a.rows * k * kProductPanel) + 1;
  parallel_ranges(columns / kProductPanel, grain, [&](int64_t first, int64_t last) {
    add_packed_product(a, packed, k, first, last, dst, dst_step);
  });
}

}  // namespace twofour::cpu
