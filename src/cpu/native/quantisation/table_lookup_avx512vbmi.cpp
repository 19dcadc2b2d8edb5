#include "cpu/native/quantisation/table_lookup_avx512vbmi.h"

#include "cpu/intrinsics.h"

#define TWOFOUR_VBMI __attribute__((target("avx512f,avx512bw,avx512vbmi")))

namespace twofour::cpu {
namespace {

struct Table {
  __m512i part[4];
};

TWOFOUR_VBMI inline __m512i look_up(__m512i codes, const Table& table) {
  const __m512i low = _mm512_permutex2var_epi8(table.part[0], codes, table.part[1]);
  const __m512i high = _mm512_permutex2var_epi8(table.part[2], codes, table.part[3]);
  return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(codes), high);
}

}  // namespace

TWOFOUR_VBMI void look_up_avx512vbmi(const uint8_t* src, int64_t n, const uint8_t* table, uint8_t flip,
                                     uint8_t* dst) {
  constexpr int64_t kLanes = 64;
  Table parts;
  for (int64_t i = 0; i < 4; ++i) parts.part[i] = _mm512_loadu_si512(table + ((i * kLanes) ^ flip));
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    _mm512_storeu_si512(dst + i, look_up(_mm512_loadu_si512(src + i), parts));
  const __mmask64 rest = (uint64_t{1} << (n - i)) - 1;
  _mm512_mask_storeu_epi8(dst + i, rest, look_up(_mm512_maskz_loadu_epi8(rest, src + i), parts));
}

}  // namespace twofour::cpu
