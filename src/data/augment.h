// Training-time changes to one image, C,H,W floats. Every random choice comes from the Rng that is passed.
#pragma once

#include <span>

#include "base/rng.h"
#include "base/shape.h"

namespace twofour::data {

struct AugmentOptions {
  /// Mirrored left to right with probability 1/2.
  bool flip = false;
  /// Padded with zeros (black) on all sides, then cropped back at a random place; 4 for CIFAR.
  int64_t crop_padding = 0;
};

/// Mirrors every row in place.
void flip_horizontal(std::span<float> image, const Shape& shape);

/// dst(c, y, x) = src(c, y + dy, x + dx), zero outside src. src and dst do not overlap.
void shift_image(std::span<const float> src, std::span<float> dst, const Shape& shape, int64_t dy,
                 int64_t dx);

/// (value - mean[c]) / std[c] in place; one mean and std for each channel.
void normalise(std::span<float> image, const Shape& shape, std::span<const float> mean,
               std::span<const float> std);

/// Crop, then flip, as `options` ask; draws from `rng` only for what is on.
void augment(std::span<float> image, const Shape& shape, const AugmentOptions& options, Rng& rng);

}  // namespace twofour::data
