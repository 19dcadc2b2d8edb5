// Copies between image layouts and panels, for each instruction set.
#pragma once

#include <array>
#include <span>

#include "base/cpu.h"
#include "cpu/sparse24/block_plan.h"
#include "cpu/sparse24/conv_shape.h"
#include "cpu/sparse24/late_output.h"
#include "cpu/sparse24/pixel_runs.h"

namespace twofour::cpu {

/// What unpacking has yet to do to a value: v + residual, then limits.
struct LateEpilogue {
  const float* residual = nullptr;  // of dst's shape and layout, or none; may alias dst
  bool clamp = false;
  float lo = 0.0F;
  float hi = 0.0F;
  const LateOutput* output = nullptr;  // where there is one it does all of it
};

constexpr int64_t kUnpackedChannels = 64;

/// Consecutive channels of a panel: channel + i is sixteen floats at row[i], 64-byte aligned.
struct ChannelRows {
  int64_t channel = 0;
  int64_t count = 0;
  std::array<const float*, kUnpackedChannels> row;
};

struct PanelCopies {
  /// Packs rows `rows` of the GEMM's X (order r, s, c) for the panels `panels` of `src`:
  /// dst[(p - panels.begin) * panel_stride + (row - rows.begin) * row_stride + lane], strides in floats.
  /// Lanes without a pixel, and panels beyond the last, become zero. At most kMaxTilePanels panels;
  /// everything is 64-byte aligned.
  using Pack = void (*)(const ConvShape& shape, const float* src, Range panels, Range rows, float* dst,
                        int64_t panel_stride, int64_t row_stride);
  Pack pack_nchw;
  Pack pack_nhwc;
  Pack pack_codes;  // NHWC; lanes without a pixel become shape.blank, and all are xor-ed with shape.flip
  /// Writes channels of `panels` (the pixels of each) to the NHWC images dst of `plane` pixels and `channels`
  /// channels. `rows` are those of the first panel, the next one's lie panel_stride floats on.
  void (*unpack_nhwc)(const ChannelRows& rows, int64_t panel_stride, std::span<const PixelRuns> panels,
                      int64_t plane, int64_t channels, const LateEpilogue& epilogue, float* dst);
  /// Copy the lanes that are pixels between a panel (64-byte aligned, `rows` rows of sixteen) and the NCHW
  /// images it stands for, whose channels `rows` those are.
  void (*scatter_nchw)(const float* panel, const PixelRuns& pixels, int64_t plane, int64_t channels,
                       Range rows, float* dst);
  void (*gather_nchw)(const float* src, const PixelRuns& pixels, int64_t plane, int64_t channels, Range rows,
                      float* panel);
};

/// Callers make sure that the CPU has the instruction set.
const PanelCopies& panel_copies_avx512();
const PanelCopies& panel_copies_avx2();
/// `isa` is at least kAvx2.
inline const PanelCopies& panel_copies(Isa isa) {
  return isa >= Isa::kAvx512 ? panel_copies_avx512() : panel_copies_avx2();
}

}  // namespace twofour::cpu
