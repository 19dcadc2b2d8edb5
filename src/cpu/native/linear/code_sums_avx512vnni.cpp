#include <cstring>
#include <utility>

#include "cpu/intrinsics.h"
#include "cpu/native/linear/code_sums.h"

#define TWOFOUR_VNNI __attribute__((target("avx512f,avx512vnni")))

namespace twofour::cpu {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kGroup = 4 * kLanes;  // codes

TWOFOUR_VNNI inline __m512i four_codes(const uint8_t* a) {
  int32_t four;
  std::memcpy(&four, a, sizeof four);
  return _mm512_set1_epi32(four);
}

template <int... I>
using Indices = std::integer_sequence<int, I...>;

/// Rows times P panels, sum I of row I / P and panel I % P. A fold: GCC keeps arrays that loops index in
/// memory.
template <int P, int... I>
TWOFOUR_VNNI inline void tile(const CodeSumsBlock& block, int64_t row, int64_t panel, int32_t* sums,
                              Indices<I...>) {
  const uint8_t* a = block.a + row * block.step;
  const int8_t* b = block.b + panel * block.groups * kGroup;
  __m512i sum[] = {(static_cast<void>(I), _mm512_setzero_si512())...};
  for (int64_t group = 0; group < block.groups; ++group)
    ((sum[I] = _mm512_dpbusd_epi32(sum[I], four_codes(a + I / P * block.step + group * 4),
                                   _mm512_loadu_si512(b + (I % P * block.groups + group) * kGroup))),
     ...);
  (_mm512_storeu_si512(sums + ((row + I / P) * block.panels + panel + I % P) * kLanes, sum[I]), ...);
}

template <int P>
TWOFOUR_VNNI inline void all_rows(const CodeSumsBlock& block, int64_t panel, int32_t* sums) {
  constexpr int kRows = 4;
  int64_t row = 0;
  for (; row + kRows <= block.rows; row += kRows)
    tile<P>(block, row, panel, sums, std::make_integer_sequence<int, kRows * P>());
  for (; row < block.rows; ++row) tile<P>(block, row, panel, sums, std::make_integer_sequence<int, P>());
}

}  // namespace

TWOFOUR_VNNI void code_sums_avx512vnni(const CodeSumsBlock& block, int32_t* sums) {
  constexpr int kPanels = 4;
  int64_t panel = 0;
  for (; panel + kPanels <= block.panels; panel += kPanels) all_rows<kPanels>(block, panel, sums);
  for (; panel < block.panels; ++panel) all_rows<1>(block, panel, sums);
}

}  // namespace twofour::cpu
