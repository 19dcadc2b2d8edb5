// Image: 8-bit pixels in rows, H,W,C; and the conversions between what a file holds and what a network takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/shape.h"

namespace twofour::data {

struct Image {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;         // 1 (grey) or 3 (RGB)
  std::vector<uint8_t> pixels;  // H,W,C

  Image() = default;
  /// Black.
  Image(int64_t h, int64_t w, int64_t c)
      : height(h), width(w), channels(c), pixels(static_cast<size_t>(h * w * c)) {}
};

/// Bilinear with antialiasing: a triangle filter whose support grows with the reduction, pixel centres at
/// (i + 0.5), as PIL and torchvision resize; one rounding at the end.
Image resize_bilinear(const Image& src, int64_t height, int64_t width);

/// Resizes so that `src` just covers height/crop_fraction x width/crop_fraction, aspect kept, and takes the
/// centre height x width. An image that has this size already is returned as it is. crop_fraction in (0, 1].
Image fit_image(const Image& src, int64_t height, int64_t width, double crop_fraction = 1.0);

/// Grey to RGB repeats the channel, RGB to grey takes ITU-R 601 luma. `channels` is 1 or 3.
Image convert_channels(const Image& src, int64_t channels);

/// H,W,C to C,H,W; dst has the same number of elements.
void to_planes(const Image& src, std::span<uint8_t> dst_chw);

/// value / 255.
void to_unit_floats(std::span<const uint8_t> src, std::span<float> dst);

}  // namespace twofour::data
