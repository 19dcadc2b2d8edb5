// What a product with a 2:4 matrix multiplies.
#pragma once

#include <cstdint>

namespace twofour::cpu {

/// f32, pairs of bf16 in the place of each f32, or four 8-bit codes.
enum class ProductKind : uint8_t { kF32, kBf16, kCodes };

/// Neighbouring columns of W that share a lane: X has so many values in the place of one f32, and C, where it
/// is of X's type, so many rows.
constexpr int64_t lane_values(ProductKind kind) {
  return kind == ProductKind::kF32 ? 1 : kind == ProductKind::kBf16 ? 2 : 4;
}

/// Rows of a generated block, one accumulator each; the other registers hold X. A multiple of lane_values().
constexpr int64_t max_block_rows(ProductKind kind) {
  return kind == ProductKind::kF32 ? 28 : kind == ProductKind::kBf16 ? 26 : 24;
}

}  // namespace twofour::cpu
