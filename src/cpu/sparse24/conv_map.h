// How a convolution's pixels become panels of sixteen GEMM columns. Three ways:
//
// packed: column n is output pixel n of the batch. X rows are gathered into panels, tap by tap, for each
// tile. planar: for stride-1 kernels larger than 1x1. Columns are the positions of the zero-padded input
// image, row after
//   row, of one image at a time. A tile's stretch of each channel is copied once; tap (r, s) then reads it
//   r * padded_w + s positions further on, so that blocks read X in place. The columns that fall into the
//   right-hand padding are computed and dropped.
//
// direct: for pointwise NCHW convolutions whose images are whole panels. Generated code loads X from the
//   input itself, one channel after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/sparse24/block_plan.h"
#include "cpu/sparse24/conv_shape.h"
#include "cpu/sparse24/pixel_runs.h"

namespace twofour::cpu {

struct ConvMap {
  ConvShape shape;
  ConvMapping mapping = ConvMapping::kPacked;  // never kAuto
  int64_t images = 1;                          // batch unless packed: tiles do not cross images
  int64_t panels = 0;                          // of one image unless packed, then of the batch
  ConvShape padding;           // planar: the 1x1 convolution that copies an image to its padded positions
  int64_t halo_panels = 0;     // planar: what the taps read beyond a tile
  int64_t channel_stride = 0;  // unless packed: floats from channel to channel

  /// Finds the output pixels of a panel, in image 0 of `images` unless packed.
  PixelFinder outputs() const;
  /// Unless packed: bytes from a panel's first position to each row of X.
  std::vector<int64_t> row_offsets() const;
};

/// For tiles of up to `tile_panels` panels. kAuto takes what is estimated to cost least; a way that is
/// impossible falls back to packed.
ConvMap map_conv(const ConvShape& shape, int64_t tile_panels, ConvMapping mapping);

}  // namespace twofour::cpu
