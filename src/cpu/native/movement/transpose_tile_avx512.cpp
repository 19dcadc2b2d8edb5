#include "cpu/native/movement/transpose_bytes_sse2.h"
#include "cpu/native/movement/transpose_tile.h"
#include "cpu/transpose_avx512.h"

namespace twofour::cpu {

TWOFOUR_AVX512 void transpose_tile_avx512(const uint32_t* src, int64_t src_step, uint32_t* dst,
                                          int64_t dst_step, int64_t rows, int64_t columns) {
  Rows16 tile;
  for (int64_t i = 0; i < kTile; ++i)
    tile.row[i] =
        i < rows ? _mm512_maskz_loadu_ps(first_lanes(columns), src + i * src_step) : _mm512_setzero_ps();
  transpose16(tile);
  for (int64_t j = 0; j < columns; ++j)
    _mm512_mask_storeu_ps(dst + j * dst_step, first_lanes(rows), tile.row[j]);
}

TWOFOUR_AVX512 void transpose_tile_avx512(const uint8_t* src, int64_t src_step, uint8_t* dst,
                                          int64_t dst_step, int64_t rows, int64_t columns) {
  Bytes16 tile;
  for (int64_t i = 0; i < kTile; ++i)
    tile.row[i] =
        i < rows ? _mm_maskz_loadu_epi8(first_lanes(columns), src + i * src_step) : _mm_setzero_si128();
  transpose16(tile);
  for (int64_t j = 0; j < columns; ++j)
    _mm_mask_storeu_epi8(dst + j * dst_step, first_lanes(rows), tile.row[j]);
}

}  // namespace twofour::cpu
