#include <cstring>

#include "cpu/native/linear/code_sums.h"
#include "cpu/sparse24/intrinsics.h"

#define TWOFOUR_VNNI __attribute__((target("avx512f,avx512vnni")))

namespace twofour::cpu {
namespace {

constexpr int64_t kLanes = 16;

TWOFOUR_VNNI inline __m512i four_codes(const uint8_t* a) {
  int32_t four;
  std::memcpy(&four, a, sizeof four);
  return _mm512_set1_epi32(four);
}

/// R rows times P panels.
template <int R, int P>
TWOFOUR_VNNI inline void tile(const CodeBlock& block, int64_t row, int64_t panel, int32_t* sums) {
  const uint8_t* a = block.a + row * block.step;
  const int8_t* b = block.b + panel * block.groups * 4 * kLanes;
  __m512i sum[R][P];
  for (auto& of_row : sum)
    for (__m512i& v : of_row) v = _mm512_setzero_si512();
  for (int64_t group = 0; group < block.groups; ++group) {
    __m512i weight[P];
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) weight[p] = _mm512_loadu_si512(b + (p * block.groups + group) * 4 * kLanes);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const __m512i codes = four_codes(a + r * block.step + group * 4);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) sum[r][p] = _mm512_dpbusd_epi32(sum[r][p], codes, weight[p]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int p = 0; p < P; ++p)
      _mm512_storeu_si512(sums + ((row + r) * block.panels + panel + p) * kLanes, sum[r][p]);
}

template <int P>
TWOFOUR_VNNI inline void all_rows(const CodeBlock& block, int64_t panel, int32_t* sums) {
  constexpr int kRows = 4;
  int64_t row = 0;
  for (; row + kRows <= block.rows; row += kRows) tile<kRows, P>(block, row, panel, sums);
  for (; row < block.rows; ++row) tile<1, P>(block, row, panel, sums);
}

}  // namespace

TWOFOUR_VNNI void code_sums_avx512vnni(const CodeBlock& block, int32_t* sums) {
  constexpr int kPanels = 4;
  int64_t panel = 0;
  for (; panel + kPanels <= block.panels; panel += kPanels) all_rows<kPanels>(block, panel, sums);
  for (; panel < block.panels; ++panel) all_rows<1>(block, panel, sums);
}

}  // namespace twofour::cpu
