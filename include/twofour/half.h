// 16-bit floats as storage: IEEE binary16 and bfloat16. Conversions round to nearest even; NaN stays NaN
// (quiet), overflow becomes infinity, subnormals are kept.
#pragma once

#include <bit>
#include <cstdint>

#include "twofour/dtype.h"

namespace twofour {

struct f16 {
  uint16_t bits;
  bool operator==(const f16&) const = default;
};
struct bf16 {
  uint16_t bits;
  bool operator==(const bf16&) const = default;
};
template <>
struct DTypeOf<f16> {
  static constexpr DType value = DType::kF16;
};
template <>
struct DTypeOf<bf16> {
  static constexpr DType value = DType::kBF16;
};

float to_float(f16 value);
f16 to_f16(float value);

inline float to_float(bf16 value) { return std::bit_cast<float>(uint32_t{value.bits} << 16); }
inline bf16 to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t quiet = bits >> 16 | 0x40;
  const uint32_t nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return {static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? quiet : nearest)};
}

}  // namespace twofour
