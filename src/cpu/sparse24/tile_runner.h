// Computes one work item of a sparse convolution: packs a tile of pixels, runs blocks over it, delivers the
// results.
#pragma once

#include <array>
#include <cstddef>

#include "cpu/sparse24/conv_map.h"
#include "cpu/sparse24/gemm.h"
#include "cpu/sparse24/pack.h"

namespace twofour::cpu {

/// Sizes, in floats, of the parts of one thread's scratch memory for tiles of `panels` panels.
struct TileScratch {
  int64_t x_floats = 0;         // X of one K super-block, of a bundle
  int64_t sum_floats = 0;       // of the row blocks whose sums are held
  int64_t residual_floats = 0;  // residual of panels that cannot be read in place
  int64_t bytes() const {
    return (x_floats + sum_floats + residual_floats) * static_cast<int64_t>(sizeof(float));
  }
};
TileScratch tile_scratch(const ConvMap& map, const BlockPlan& plan, int64_t panels, int64_t rows_together);

struct ConvCall {
  const ConvMap& map;
  int64_t rows_together = 1;  // results of so many rows of W lie in the place of one f32
  const Sparse24Gemm& gemm;
  const float* src;
  const float* residual;  // or none
  LateEpilogue late;
  float* dst;
};

class TileRunner {
 public:
  /// `scratch` is 64-byte aligned and holds tile_scratch() of the largest tile.
  TileRunner(const ConvCall& call, std::byte* scratch, int64_t max_panels);
  /// All rows of `m_blocks` (indices into the plan) for the panels `tile` of an image of the map.
  void run(int64_t image, Range tile, Range m_blocks);

 private:
  void find_pixels();
  void pack(Range k_blocks);
  void pack_rows(Range rows, float* dst);
  void multiply(int64_t m_block, Range k_blocks);
  void aim(int64_t m_block);
  void aim_at_narrow(int64_t m_block);
  Range result_rows(int64_t m_block) const;
  void deliver_nchw(int64_t m_block);
  void deliver_nhwc(int64_t m_block);
  ChannelRows finished_rows(Range rows, int64_t m_block) const;
  bool writes_in_place(const PixelRuns& pixels) const;
  float* sums(int64_t m_block) const;
  int64_t group(int64_t m_block) const;
  const float* x_of(int64_t group) const;
  int64_t last_lanes() const;
  const BlockPlan& plan() const { return call_.gemm.plan(); }
  const ConvShape& shape() const { return call_.map.shape; }

  const ConvCall call_;
  const PanelCopies& copies_;
  const int64_t sum_stride_;  // floats from panel to panel of one row block
  const int64_t held_blocks_;
  const int64_t panel_stride_;  // floats from panel to panel of X, unless in_blocks()
  const PanelCopies::Pack pack_panels_;
  const int64_t plane_;  // pixels of an output image
  const PixelFinder outputs_;
  float* x_;
  float* sums_;
  float* residual_;
  int64_t image_ = 0;
  Range tile_;
  Range m_blocks_;
  int64_t first_channel_ = 0;  // of the bundle
  int64_t delivered_ = 0;      // NHWC: result rows below it are written
  std::array<PixelRuns, kMaxTilePanels> pixels_;
  std::array<PanelTarget, kMaxTilePanels> targets_;
};

}  // namespace twofour::cpu
