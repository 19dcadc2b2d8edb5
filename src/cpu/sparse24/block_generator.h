// Generates the machine code of one block of a 2:4 matrix (AVX-512F, System V calling convention).
//
// The pattern lives in register numbers: the four X rows of a 2:4 block are loaded into zmm28..31, and row i
// of W adds kept0 * zmm(28 + idx0), then kept1 * zmm(28 + idx1), to its accumulator zmm(i), the value being
// an embedded broadcast from memory. All rows take their first kept value before any takes its second, so no
// two neighbouring FMAs depend on each other. Weights stand in front of the code that reads them, in the
// order of their use.
#pragma once

#include <xbyak/xbyak.h>

#include <cstdint>
#include <vector>

#include "backend/sparse24_format.h"
#include "cpu/sparse24/block_plan.h"

namespace twofour::cpu {

enum class Activation : uint8_t {
  kNone,
  kRelu,
  kClip
};  // relu: max(0, v); clip: min(hi, max(lo, v)); NaN stays NaN

/// C[m, n] = activation(sum + bias[m] + residual[m, n]).
struct Epilogue {
  std::vector<float> bias;  // [M], or empty
  bool residual = false;    // a residual tensor of C's shape and layout is given at run time
  Activation activation = Activation::kNone;
  float lo = 0.0F;  // clip only
  float hi = 0.0F;
};

/// Where the last K block of a panel writes row i: dst + i * row_stride. residual is laid out alike; it is
/// read only when the epilogue has one, and may alias dst.
struct PanelTarget {
  float* dst = nullptr;
  const float* residual = nullptr;
  int64_t row_stride = 0;  // bytes
};

/// What generated code reads: 8-byte fields only. Strides in bytes. Nothing needs alignment, 64 bytes is
/// fastest.
struct BlockArgs {
  const float* x = nullptr;  // of the first panel: the block's first X row, or what row_offsets start from
  int64_t x_stride = 0;      // from panel to panel
  float* sum = nullptr;      // [panels][block rows][16] partial sums; read unless first, written unless last
  int64_t sum_stride = 0;
  const PanelTarget* targets = nullptr;  // one per panel; last K block only
  int64_t panels = 0;                    // > 0
};
using BlockFn = void (*)(const BlockArgs*);

struct BlockSpec {
  Range rows;
  Range columns;
  bool first = false;  // starts the sum with the bias or zero
  bool last = false;   // applies the rest of the epilogue and writes to the targets
  /// Bytes from BlockArgs::x to the X rows 0 .. K-1 of the whole matrix. None: the block's rows lie 64 bytes
  /// apart.
  const std::vector<int64_t>* row_offsets = nullptr;
  int64_t tile_panels = 16;  // over how many panels the prefetch of the following block is spread
};

constexpr int64_t kMaxBlockColumns = 256;  // packed X rows that an 8-bit scaled displacement reaches

/// At least the bytes that generate_block emits.
int64_t block_bytes_bound(const BlockSpec& spec);

/// Appends the data and code of one block; returns its entry (callable once the memory is executable).
BlockFn generate_block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix,
                       const Epilogue& epilogue, const BlockSpec& spec);

}  // namespace twofour::cpu
