// The registers in which generated blocks of bf16 and codes hold the six pairs that a block of four columns
// can keep: 01, 23, 02, 03, 21, 31.
#pragma once

#include <cstdint>

namespace twofour::cpu {

/// Where a pair stands: in which register, and whether its higher position comes first.
struct PairPlace {
  uint8_t source;
  bool swapped;
};

/// By the nibble of the pair (backend/sparse24_format.h).
constexpr PairPlace pair_place(int nibble) {
  switch (nibble) {
    case 0x4: return {0, false};  // 01
    case 0xE: return {1, false};  // 23
    case 0x8: return {2, false};  // 02
    case 0xC: return {3, false};  // 03
    case 0x9: return {4, true};   // 12
    default: return {5, true};    // 13
  }
}

}  // namespace twofour::cpu
