// Tiles of at most 16 x 16 elements, transposed in registers.
#pragma once

#include <cstdint>

namespace twofour::cpu {

inline constexpr int64_t kTile = 16;

/// dst[j * dst_step + i] = src[i * src_step + j] for i < rows, j < columns.
void transpose_tile_avx512(const uint32_t* src, int64_t src_step, uint32_t* dst, int64_t dst_step,
                           int64_t rows, int64_t columns);
void transpose_tile_avx512(const uint8_t* src, int64_t src_step, uint8_t* dst, int64_t dst_step, int64_t rows,
                           int64_t columns);
/// The same for a whole tile, on every x86-64 CPU.
void transpose_tile_sse2(const uint8_t* src, int64_t src_step, uint8_t* dst, int64_t dst_step);

}  // namespace twofour::cpu
