#include <cstring>

#include "cpu/native/linear/code_sums.h"
#include "cpu/sparse24/intrinsics.h"

#define TWOFOUR_AVX2 __attribute__((target("avx2")))

namespace twofour::cpu {
namespace {

constexpr int64_t kLanes = 8;
constexpr int64_t kPanel = 2 * kLanes;

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

/// R rows of a panel.
template <int R>
TWOFOUR_AVX2 inline void tile(const CodeBlock& block, int64_t row, int64_t panel, int32_t* sums) {
  const uint8_t* a = block.a + row * block.step;
  const int8_t* b = block.b + panel * block.groups * 4 * kPanel;
  __m256i sum[R][2];
  for (auto& of_row : sum)
    for (__m256i& v : of_row) v = _mm256_setzero_si256();
  for (int64_t group = 0; group < block.groups; ++group) {
    const Pairs weight[2] = {weights(b + group * 4 * kPanel), weights(b + group * 4 * kPanel + 4 * kLanes)};
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const Pairs codes = four_codes(a + r * block.step + group * 4);
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half)
        sum[r][half] = _mm256_add_epi32(sum[r][half], dot(codes, weight[half]));
    }
  }
  for (int r = 0; r < R; ++r)
    for (int half = 0; half < 2; ++half)
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(sums + ((row + r) * block.panels + panel) * kPanel + half * kLanes),
          sum[r][half]);
}

}  // namespace

TWOFOUR_AVX2 void code_sums_avx2(const CodeBlock& block, int32_t* sums) {
  constexpr int kRows = 4;
  for (int64_t panel = 0; panel < block.panels; ++panel) {
    int64_t row = 0;
    for (; row + kRows <= block.rows; row += kRows) tile<kRows>(block, row, panel, sums);
    for (; row < block.rows; ++row) tile<1>(block, row, panel, sums);
  }
}

}  // namespace twofour::cpu
