// In-register transpose of sixteen rows of sixteen bytes.
#pragma once

#include "cpu/intrinsics.h"

namespace twofour::cpu {

// Not std::array, which drops the vector type's attributes.
struct Bytes16 {
  __m128i row[16];
};

// Interleaving rows i and i + 8 rotates the eight bits of a byte's place, row then column, by one; four times
// exchanges row and column.
inline __attribute__((always_inline)) void transpose16(Bytes16& m) {
  for (int step = 0; step < 4; ++step) {
    const Bytes16 from = m;
    for (int i = 0; i < 8; ++i) {
      m.row[2 * i] = _mm_unpacklo_epi8(from.row[i], from.row[i + 8]);
      m.row[2 * i + 1] = _mm_unpackhi_epi8(from.row[i], from.row[i + 8]);
    }
  }
}

}  // namespace twofour::cpu
