#include "cpu/native/movement/transpose_bytes_sse2.h"
#include "cpu/native/movement/transpose_tile.h"

namespace twofour::cpu {

void transpose_tile_sse2(const uint8_t* src, int64_t src_step, uint8_t* dst, int64_t dst_step) {
  Bytes16 tile;
  for (int64_t i = 0; i < kTile; ++i)
    tile.row[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i * src_step));
  transpose16(tile);
  for (int64_t j = 0; j < kTile; ++j)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + j * dst_step), tile.row[j]);
}

}  // namespace twofour::cpu
