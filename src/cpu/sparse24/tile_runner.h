// Computes one work item of a sparse convolution: packs a tile of pixels, runs blocks over it, delivers the results.
#pragma once

#include <array>
#include <cstddef>

#include "cpu/sparse24/conv_shape.h"
#include "cpu/sparse24/gemm.h"
#include "cpu/sparse24/pack_avx512.h"
#include "cpu/sparse24/pixel_runs.h"

namespace twofour::cpu {

/// Sizes, in floats, of the parts of one thread's scratch memory for tiles of `panels` panels.
struct TileScratch {
  int64_t x_floats = 0;         // packed X of one K super-block
  int64_t sum_floats = 0;       // partial sums: of two row blocks, or of all when there are several super-blocks
  int64_t residual_floats = 0;  // residual of panels that cannot be read in place
  int64_t bytes() const { return (x_floats + sum_floats + residual_floats) * static_cast<int64_t>(sizeof(float)); }
};
TileScratch tile_scratch(const BlockPlan& plan, int64_t panels);

struct ConvCall {
  const ConvShape& shape;
  const Sparse24Gemm& gemm;
  const float* src;
  const float* residual;  // or none
  LateEpilogue late;
  float* dst;
};

class TileRunner {
 public:
  /// `scratch` is 64-byte aligned and holds tile_scratch(gemm.plan(), panels of the largest tile).bytes().
  TileRunner(const ConvCall& call, std::byte* scratch, int64_t max_panels);
  /// All rows of `m_blocks` (indices into the plan) for the panels `tile`.
  void run(Range tile, Range m_blocks);

 private:
  void place_panels();
  void pack(Range k_blocks);
  void multiply(int64_t m_block, Range k_blocks);
  void aim(int64_t m_block);
  void deliver_nchw(int64_t m_block);
  void deliver_nhwc(int64_t m_block);
  float* sums(int64_t m_block) const;
  const BlockPlan& plan() const { return call_.gemm.plan(); }

  const ConvCall call_;
  const int64_t plane_;  // pixels of an output image
  float* x_;
  float* sums_;
  float* residual_;
  Range tile_;
  Range m_blocks_;
  int64_t delivered_ = 0;  // NHWC: channels below it are written
  /// Of each panel, the offset of its channel 0 in an NCHW dst, or kInPieces.
  std::array<int64_t, kMaxTilePanels> places_;
  std::array<PanelTarget, kMaxTilePanels> targets_;
};

}  // namespace twofour::cpu
