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

/// Throws Error{kInvalidArgument} unless images whose shorter side is `resize` cover height x width; 0
/// passes.
void check_resize(int64_t resize, int64_t height, int64_t width);

/// Resizes, aspect kept, and takes the centre height x width, with the roundings of torchvision's Resize and
/// CenterCrop. `resize` is the size of the shorter side before the crop, at least height and width; 0: the
/// image just covers height x width, and one that has this size already is returned as it is.
Image fit_image(const Image& src, int64_t height, int64_t width, int64_t resize = 0);

/// Grey to RGB repeats the channel, RGB to grey takes ITU-R 601 luma. `channels` is 1 or 3.
Image convert_channels(const Image& src, int64_t channels);

/// H,W,C to C,H,W; dst has the same number of elements.
void to_planes(const Image& src, std::span<uint8_t> dst_chw);

/// value / 255.
void to_unit_floats(std::span<const uint8_t> src, std::span<float> dst);

}  // namespace twofour::data
