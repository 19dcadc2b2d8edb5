// Copies between image layouts and panels. Callers make sure that the CPU has AVX-512F.
#pragma once

#include <array>

#include "cpu/sparse24/block_plan.h"
#include "cpu/sparse24/conv_shape.h"

namespace twofour::cpu {

/// Packs rows `rows` of the GEMM's X (order r, s, c) for the panels `panels` of `src`:
/// dst[(p - panels.begin) * panel_stride + (row - rows.begin) * 16 + lane], strides in floats.
/// At most kMaxTilePanels panels; dst is 64-byte aligned and so are its panels.
void pack_nchw_avx512(const ConvShape& shape, const float* src, Range panels, Range rows, float* dst,
                      int64_t panel_stride);
void pack_nhwc_avx512(const ConvShape& shape, const float* src, Range panels, Range rows, float* dst,
                      int64_t panel_stride);

/// What unpacking has yet to do to a value: v + residual, then limits.
struct LateEpilogue {
  const float* residual = nullptr;  // of dst's shape and layout, or none; may alias dst
  bool clamp = false;
  float lo = 0.0F;
  float hi = 0.0F;
};

/// Up to sixteen consecutive channels of a tile of panels: channel + i of its first panel is sixteen floats at row[i].
struct ChannelRows {
  int64_t channel = 0;
  int64_t count = 0;
  std::array<const float*, kPanelWidth> row;
};

/// Writes the channels of the panels, row[i][(p - panels.begin) * panel_stride + lane], to the NHWC image dst.
void unpack_nhwc_avx512(const ConvShape& shape, const ChannelRows& rows, Range panels, int64_t panel_stride,
                        const LateEpilogue& epilogue, float* dst);

}  // namespace twofour::cpu
