#include <cstring>
#include <utility>

#include "cpu/intrinsics.h"
#include "cpu/sparse24/code_gemv_format.h"
#include "cpu/sparse24/code_gemv_panel.h"

#define TWOFOUR_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))
#define TWOFOUR_VNNI_OP TWOFOUR_VNNI inline __attribute__((always_inline))

namespace twofour::cpu {
namespace {

constexpr int64_t kVector = 64;

// The asm keeps GCC from loading again at each use, and from loading early what then fills the registers.
TWOFOUR_VNNI_OP __m512i load(const std::byte* src) {
  __m512i loaded = _mm512_loadu_si512(src);
  asm("" : "+v"(loaded));
  return loaded;
}
TWOFOUR_VNNI_OP __m512i eight_codes(const uint8_t* x) {
  int64_t codes;
  std::memcpy(&codes, x, sizeof codes);
  __m512i everywhere = _mm512_set1_epi64(codes);
  asm("" : "+v"(everywhere));
  return everywhere;
}

/// Turns positions of two bits into indices of eight codes.
struct Decoder {
  __m512i fields[kCodeChunkSteps];  // of a row's word: the bits that each step's positions start at
  __m512i two_bits, second_block;

  TWOFOUR_VNNI_OP __m512i operator()(int step, __m512i positions) const {
    constexpr int kAndThenOr = 0xEA;
    return _mm512_ternarylogic_epi32(_mm512_multishift_epi64_epi8(fields[step], positions), two_bits,
                                     second_block, kAndThenOr);
  }
};
TWOFOUR_VNNI_OP Decoder decoder() {
  constexpr int64_t kFirst = 0x2624222006040200, kByte = 0x0808080808080808;
  return {{_mm512_set1_epi64(kFirst), _mm512_set1_epi64(kFirst + kByte),
           _mm512_set1_epi64(kFirst + 2 * kByte), _mm512_set1_epi64(kFirst + 3 * kByte)},
          _mm512_set1_epi32(0x03030303),
          _mm512_set1_epi32(0x04040000)};
}

template <CodeIndices kIndices>
TWOFOUR_VNNI_OP __m512i indices_of(const Decoder& decode, int step, __m512i positions, std::byte* kept) {
  if constexpr (kIndices == CodeIndices::kReuse) return load(kept);
  const __m512i indices = decode(step, positions);
  if constexpr (kIndices == CodeIndices::kKeep) _mm512_storeu_si512(kept, indices);
  return indices;
}

/// One vector for each strip of 16 rows.
struct Strips {
  __m512i first, second;
};

template <int kItems>
struct Sums {
  static constexpr int kChains = kItems == 1 ? 4 : kItems <= 3 ? 2 : 1;  // few additions wait for each other
  Strips at[kChains][kItems];
};

template <int kItems>
TWOFOUR_VNNI_OP void load(const int32_t* src, Sums<kItems>& sums) {
#pragma GCC unroll 4
  for (auto& chain : sums.at) {
#pragma GCC unroll 8
    for (auto& item : chain) item = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  }
#pragma GCC unroll 8
  for (int n = 0; n < kItems; ++n)
    sums.at[0][n] = {_mm512_loadu_si512(src + n * kCodePanelRows),
                     _mm512_loadu_si512(src + n * kCodePanelRows + 16)};
}

template <int kItems>
TWOFOUR_VNNI_OP void store(const Sums<kItems>& sums, int32_t* dst) {
#pragma GCC unroll 8
  for (int n = 0; n < kItems; ++n) {
    Strips total = sums.at[0][n];
#pragma GCC unroll 4
    for (int chain = 1; chain < Sums<kItems>::kChains; ++chain)
      total = {_mm512_add_epi32(total.first, sums.at[chain][n].first),
               _mm512_add_epi32(total.second, sums.at[chain][n].second)};
    _mm512_storeu_si512(dst + n * kCodePanelRows, total.first);
    _mm512_storeu_si512(dst + n * kCodePanelRows + 16, total.second);
  }
}

template <int kItems>
TWOFOUR_VNNI_OP void add_step(const uint8_t* x, Strips indices, Strips values, Strips (&sums)[kItems]) {
#pragma GCC unroll 8
  for (int n = 0; n < kItems; ++n) {
    const __m512i codes = eight_codes(x + n * kCodeStepColumns);
    sums[n].first =
        _mm512_dpbusd_epi32(sums[n].first, _mm512_shuffle_epi8(codes, indices.first), values.first);
    sums[n].second =
        _mm512_dpbusd_epi32(sums[n].second, _mm512_shuffle_epi8(codes, indices.second), values.second);
  }
}

template <CodeIndices kIndices, int kItems>
TWOFOUR_VNNI void multiply(const CodePass& pass) {
  const Decoder decode = decoder();
  const uint8_t* x = pass.x;
  const std::byte *weights = pass.weights, *ahead = pass.ahead;
  std::byte* kept = pass.indices;
  Sums<kItems> sums;
  load(pass.sums, sums);
  for (int64_t chunk = 0; chunk < pass.chunks; ++chunk) {
    for (int64_t line = 0; line < pass.ahead_lines; ++line, ahead += kVector)
      _mm_prefetch(ahead, _MM_HINT_T1);
    const __m512i first = load(weights), second = load(weights + kVector);
    weights += kCodePositionBytes;
#pragma GCC unroll 4
    for (int step = 0; step < kCodeChunkSteps; ++step) {
      const Strips indices = {indices_of<kIndices>(decode, step, first, kept),
                              indices_of<kIndices>(decode, step, second, kept + kVector)};
      add_step(x, indices, {load(weights), load(weights + kVector)}, sums.at[step % Sums<kItems>::kChains]);
      weights += kCodeStepBytes;
      kept += kCodeStepBytes;
      x += kItems * kCodeStepColumns;
    }
  }
  store(sums, pass.sums);
}

template <CodeIndices kIndices, int... kItems>
CodePassFn pass_for(int items, std::integer_sequence<int, kItems...>) {
  static constexpr CodePassFn kTable[] = {multiply<kIndices, kItems + 1>...};
  return kTable[items - 1];
}

}  // namespace

CodePassFn code_pass_avx512vnni(CodeIndices indices, int items) {
  constexpr std::make_integer_sequence<int, kCodePassItems> kAll;
  switch (indices) {
    case CodeIndices::kKeep: return pass_for<CodeIndices::kKeep>(items, kAll);
    case CodeIndices::kReuse: return pass_for<CodeIndices::kReuse>(items, kAll);
    default: return pass_for<CodeIndices::kOnce>(items, kAll);
  }
}

}  // namespace twofour::cpu
