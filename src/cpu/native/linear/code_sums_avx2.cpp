#include <cstring>
#include <utility>

#include "cpu/intrinsics.h"
#include "cpu/native/linear/code_sums.h"

#define TWOFOUR_AVX2 __attribute__((target("avx2")))

namespace twofour::cpu {
namespace {

constexpr int64_t kLanes = 8;
constexpr int64_t kGroup = 4 * kLanes;  // codes

/// Of every four codes, 0 and 2, and 1 and 3, as 16 bits.
struct Pairs {
  __m256i even, odd;
};

TWOFOUR_AVX2 inline Pairs four_codes(const uint8_t* a) {
  int32_t four;
  std::memcpy(&four, a, sizeof four);
  const __m256i codes = _mm256_set1_epi32(four);
  return {_mm256_and_si256(codes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(codes, 8)};
}

TWOFOUR_AVX2 inline Pairs weights(const int8_t* b) {
  const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
  return {_mm256_srai_epi16(_mm256_slli_epi16(codes, 8), 8), _mm256_srai_epi16(codes, 8)};
}

TWOFOUR_AVX2 inline __m256i dot(const Pairs& a, const Pairs& b) {
  return _mm256_add_epi32(_mm256_madd_epi16(a.even, b.even), _mm256_madd_epi16(a.odd, b.odd));
}

template <int... I>
using Indices = std::integer_sequence<int, I...>;

/// Rows of a panel, sum I of row I / 2 and half I % 2 of the columns. A fold: GCC keeps arrays that loops
/// index in memory.
template <int... I>
TWOFOUR_AVX2 inline void tile(const CodeSumsBlock& block, int64_t row, int64_t panel, int32_t* sums,
                              Indices<I...>) {
  const uint8_t* a = block.a + row * block.step;
  const int8_t* b = block.b + panel * block.groups * 2 * kGroup;
  __m256i sum[] = {(static_cast<void>(I), _mm256_setzero_si256())...};
  for (int64_t group = 0; group < block.groups; ++group)
    ((sum[I] = _mm256_add_epi32(sum[I], dot(four_codes(a + I / 2 * block.step + group * 4),
                                            weights(b + (group * 2 + I % 2) * kGroup)))),
     ...);
  int32_t* dst = sums + (row * block.panels + panel) * 2 * kLanes;
  (_mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + (I / 2 * block.panels * 2 + I % 2) * kLanes), sum[I]),
   ...);
}

}  // namespace

TWOFOUR_AVX2 void code_sums_avx2(const CodeSumsBlock& block, int32_t* sums) {
  constexpr int kRows = 4;
  for (int64_t panel = 0; panel < block.panels; ++panel) {
    int64_t row = 0;
    for (; row + kRows <= block.rows; row += kRows)
      tile(block, row, panel, sums, std::make_integer_sequence<int, kRows * 2>());
    for (; row < block.rows; ++row) tile(block, row, panel, sums, std::make_integer_sequence<int, 2>());
  }
}

}  // namespace twofour::cpu
