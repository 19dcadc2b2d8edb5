// The packed form of a 2:4 matrix [M,K] of i8 codes that the kernel for few items reads: five eighths of the
// dense bytes, in the order of use.
//
// Panels of 32 rows (rows beyond M are zero), two strips of 16. A step is eight columns, two blocks of W; a
// chunk is four steps (columns beyond K are zero):
//   uint32 positions[2][16]   of each row of a strip: byte s has the four positions of step s, two bits each
//   int8 values[4][2][16][4]  of each step, strip and row: the four kept values
// Every bit pattern of the positions is legal, so a packed matrix of the right size is safe to run.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/sparse24_format.h"
#include "base/align.h"
#include "base/tensor.h"

namespace twofour::cpu {

constexpr int64_t kCodePanelRows = 32;
constexpr int64_t kCodeStepColumns = 8;
constexpr int64_t kCodeChunkSteps = 4;
constexpr int64_t kCodeStepBytes = kCodePanelRows * 4;  // of values
constexpr int64_t kCodePositionBytes = kCodePanelRows * static_cast<int64_t>(sizeof(uint32_t));
constexpr int64_t kCodeChunkBytes = kCodePositionBytes + kCodeChunkSteps * kCodeStepBytes;

constexpr int64_t code_gemv_panels(int64_t m) { return ceil_div(m, kCodePanelRows); }
constexpr int64_t code_gemv_chunks(int64_t k) { return ceil_div(k, kCodeStepColumns * kCodeChunkSteps); }
constexpr int64_t code_gemv_bytes(int64_t m, int64_t k) {
  return code_gemv_panels(m) * code_gemv_chunks(k) * kCodeChunkBytes;
}

/// The matrix, whose values are whole numbers in [-128, 127], as code_gemv_bytes() bytes (i8).
Tensor pack_code_gemv(const backend::Sparse24View& matrix);

}  // namespace twofour::cpu
