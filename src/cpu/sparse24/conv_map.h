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
//
// Each group of channels is a GEMM of its own. Groups are packed in bundles, so that what is found out about
// pixels, and a cache line of NHWC, serves several small ones.
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
  int64_t bundle = 1;          // groups packed together; divides shape.groups
  int64_t channel_stride = 0;  // floats from channel to channel of X; in_blocks(): of one tap

  int64_t bundles() const { return shape.groups / bundle; }
  int64_t bundle_channels() const { return bundle * shape.group_c(); }
  /// X is packed one K block of one group after the other, 64 bytes from row to row. A bundle of more groups
  /// is packed as a whole, in the order (r, s, channel of the bundle).
  bool in_blocks() const { return mapping == ConvMapping::kPacked && bundle == 1; }

  /// The pixels of the output as a pointwise convolution with so many channels reads them: those of the
  /// batch, or unless packed of one image.
  ConvShape output_pixels(int64_t channels) const;
  /// Finds the output pixels of a panel, in image 0 of `images` unless packed.
  PixelFinder outputs() const;
  /// Unless in_blocks(): bytes from the group's first channel in a panel to each row of X.
  std::vector<int64_t> row_offsets() const;
};

/// For tiles of up to `tile_panels` panels. kAuto takes what is estimated to cost least; a way that is
/// impossible falls back to packed.
ConvMap map_conv(const ConvShape& shape, int64_t tile_panels, ConvMapping mapping);

}  // namespace twofour::cpu
