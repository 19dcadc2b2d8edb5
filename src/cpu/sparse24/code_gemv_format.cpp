#include "cpu/sparse24/code_gemv_format.h"

#include <algorithm>

namespace twofour::cpu {
namespace {

using backend::Sparse24View;

/// One row of W in step `step` of a chunk.
void pack_step(const Sparse24View& matrix, int64_t row, int64_t first_block, int64_t step, int8_t* chunk) {
  const int64_t lane = row % kCodePanelRows;
  int8_t* values = chunk + kCodePositionBytes + step * kCodeStepBytes + lane * 4;
  int positions = 0;
  const int64_t blocks = std::min<int64_t>(matrix.blocks_per_row() - first_block, 2);
  for (int64_t i = 0; i < blocks; ++i) {
    positions |= matrix.nibble(row, first_block + i) << 4 * i;
    const auto kept = matrix.kept(row, first_block + i);
    values[2 * i] = static_cast<int8_t>(kept[0]);
    values[2 * i + 1] = static_cast<int8_t>(kept[1]);
  }
  chunk[lane * 4 + step] = static_cast<int8_t>(positions);
}

}  // namespace

Tensor pack_code_gemv(const Sparse24View& matrix) {
  Tensor packed(DType::kI8, {code_gemv_bytes(matrix.m, matrix.k)});
  const int64_t chunks = code_gemv_chunks(matrix.k);
  for (int64_t row = 0; row < matrix.m; ++row)
    for (int64_t block = 0; block < matrix.blocks_per_row(); block += 2) {
      const int64_t step = block / 2;
      const int64_t chunk = row / kCodePanelRows * chunks + step / kCodeChunkSteps;
      pack_step(matrix, row, block, step % kCodeChunkSteps,
                packed.span<int8_t>().data() + chunk * kCodeChunkBytes);
    }
  return packed;
}

}  // namespace twofour::cpu
