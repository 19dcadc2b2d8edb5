// What every form of a block of a 2:4 matrix, generated code or list, is made from and called with.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cpu/sparse24/block_plan.h"
#include "cpu/sparse24/product_kind.h"

namespace twofour::cpu {

enum class Activation : uint8_t {
  kNone,
  kRelu,
  kClip
};  // relu: max(0, v); clip: min(hi, max(lo, v)); NaN stays NaN

/// What sums of 8-bit products stand for: (start[m] + sum) * scale[m]. The start holds what the zero point of
/// X adds.
struct CodeSums {
  std::vector<int32_t> start;  // [M]
  std::vector<float> scale;    // [M]
};

/// C as 8-bit codes: one f32 of a panel is the codes of four neighbouring rows of one column, as X has them,
/// and the residual, too. Sums, bias and bounds count in units of the result's scale, zero points included.
struct CodeResult {
  bool is_signed = false;
  float low = 0;  // of an activation that is no more than bounds
  float high = 0;
  bool residual_signed = false;
  float residual_scale = 1;
};

/// C[m, n] = activation(sum + bias[m] + residual[m, n]).
struct Epilogue {
  std::optional<CodeSums> codes;  // X holds u8 codes and W i8 ones, as whole numbers
  std::optional<CodeResult>
      result;                // with `codes` only; its bounds are the activation, and M a multiple of four
  bool bf16_result = false;  // of bf16 only: C and the residual are bf16, laid out like X; M is even
  std::vector<float> bias;   // [M], or empty
  bool residual = false;     // a residual tensor of C's shape and layout is given at run time
  Activation activation = Activation::kNone;
  float lo = 0.0F;  // clip only
  float hi = 0.0F;

  /// Rows of C in the place of one f32.
  int64_t rows_together() const { return result ? 4 : bf16_result ? 2 : 1; }
};

/// Where the last K block of a panel writes row i: dst + i * row_stride. residual is laid out alike; it is
/// read only when the epilogue has one, and may alias dst.
struct PanelTarget {
  float* dst = nullptr;
  const float* residual = nullptr;
  int64_t row_stride = 0;  // bytes
};

/// Generated code reads it: 8-byte fields only. Strides in bytes. Nothing needs alignment, 64 bytes is
/// fastest.
struct BlockArgs {
  const float* x = nullptr;  // of the first panel (lane_values() in the place of each float): the block's
                             // first X row, or what row_offsets start from
  int64_t x_stride = 0;      // from panel to panel
  float* sum = nullptr;      // [panels][block rows][16] partial sums; read unless first, written unless last
  int64_t sum_stride = 0;
  const PanelTarget* targets = nullptr;  // one per panel; last K block only
  int64_t panels = 0;                    // > 0
  int64_t last_lanes = kPanelWidth;      // of the last panel: those beyond need not be computed
};

struct BlockSpec {
  ProductKind kind = ProductKind::kF32;
  Range rows;
  Range columns;       // X rows: lane_values() columns of W each
  bool first = false;  // starts the sum with the bias or zero
  bool last = false;   // applies the rest of the epilogue and writes to the targets
  /// Bytes from BlockArgs::x to the X rows 0 .. K-1 of the whole matrix. None: the block's rows lie 64 bytes
  /// apart.
  const std::vector<int64_t>* row_offsets = nullptr;
  /// Code only: each load of an X row prefetches what lies so many bytes further on; 0: nothing.
  int64_t x_ahead = 0;
  int64_t tile_panels = 16;     // over how many panels the prefetch of code is spread
  int64_t prefetch_blocks = 1;  // how many of the following blocks it fetches
};

}  // namespace twofour::cpu
