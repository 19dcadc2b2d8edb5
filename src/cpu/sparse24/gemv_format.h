// The packed form of a 2:4 matrix [M,K] that the kernels for few items read: as many bytes as the canonical
// form, in the order of use.
//
// Panels of 16 rows (rows beyond M are zero), each starting at a multiple of 64 bytes. A panel has a step for
// every quad of columns: in step s, rows 4q .. 4q+3 of the panel are at quad (s + q) mod K/4, so that one
// plain load of 16 values of x holds the four quads that the rows need. Chunks of eight steps, the last one
// maybe shorter:
//   uint32 codes[16]           nibble s of a row's word has the two positions of its quad in step s
//   T values[steps][2][16]     first and second kept value of every row, T being the stored type
// Every bit pattern of the codes is a legal position, so a packed matrix of the right size is safe to run.
#pragma once

#include <cstdint>
#include <span>

#include "backend/sparse24_format.h"
#include "base/align.h"
#include "base/tensor.h"

namespace twofour::cpu {

constexpr int64_t kGemvPanelRows = 16;
constexpr int64_t kGemvChunkSteps = 8;
/// Columns that follow the K columns of a row of x: the first ones again.
constexpr int64_t kGemvWrap = 12;

/// Bytes of `steps` steps of one panel, from the start of a chunk.
constexpr size_t gemv_run_bytes(int64_t steps, size_t value_bytes) {
  const auto chunks = static_cast<size_t>((steps + kGemvChunkSteps - 1) / kGemvChunkSteps);
  return chunks * 16 * sizeof(uint32_t) + static_cast<size_t>(steps) * 32 * value_bytes;
}
constexpr size_t gemv_panel_bytes(int64_t k, size_t value_bytes) {
  return round_up(gemv_run_bytes(k / 4, value_bytes), 64);
}
constexpr int64_t gemv_panels(int64_t m) { return (m + kGemvPanelRows - 1) / kGemvPanelRows; }
constexpr size_t gemv_bytes(int64_t m, int64_t k, size_t value_bytes) {
  return static_cast<size_t>(gemv_panels(m)) * gemv_panel_bytes(k, value_bytes);
}

/// The matrix with its values rounded to `stored`: f32, f16, bf16, or i8 for values that are whole numbers in
/// [-128, 127]. A tensor of that type (which says how to read it) of gemv_bytes() bytes.
Tensor pack_gemv(const backend::Sparse24View& matrix, DType stored = DType::kF32);

}  // namespace twofour::cpu
