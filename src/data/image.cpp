#include "data/image.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace twofour::data {
namespace {

/// The weights with which source positions first..first+weights.size() make one destination position.
struct Tap {
  int64_t first;
  std::vector<float> weights;
};

/// Taps of destination positions [begin, begin + count) when `src_size` is resized to `dst_size`.
std::vector<Tap> triangle_taps(int64_t src_size, int64_t dst_size, int64_t begin, int64_t count) {
  const double scale = static_cast<double>(src_size) / static_cast<double>(dst_size);
  const double support = std::max(scale, 1.0);
  std::vector<Tap> taps;
  taps.reserve(static_cast<size_t>(count));
  for (int64_t i = begin; i < begin + count; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(std::floor(centre - support + 0.5)));
    const auto last = std::min<int64_t>(src_size, static_cast<int64_t>(std::floor(centre + support + 0.5)));
    Tap tap{first, {}};
    double sum = 0;
    for (int64_t x = first; x < last; ++x) {
      const double distance = std::abs(static_cast<double>(x) + 0.5 - centre) / support;
      tap.weights.push_back(static_cast<float>(std::max(0.0, 1.0 - distance)));
      sum += tap.weights.back();
    }
    for (float& weight : tap.weights) weight = static_cast<float>(weight / sum);
    taps.push_back(std::move(tap));
  }
  return taps;
}

/// One source row to `taps.size()` positions of `channels` floats.
void resize_row(const uint8_t* src, int64_t channels, const std::vector<Tap>& taps, float* dst) {
  for (const Tap& tap : taps) {
    for (int64_t c = 0; c < channels; ++c) {
      const uint8_t* from = src + tap.first * channels + c;
      float sum = 0;
      for (const float weight : tap.weights) {
        sum += weight * static_cast<float>(*from);
        from += channels;
      }
      *dst++ = sum;
    }
  }
}

/// The window [top, top + height) x [left, left + width) of `src` resized to full_height x full_width.
Image resize_window(const Image& src, int64_t full_height, int64_t full_width, int64_t top, int64_t left,
                    int64_t height, int64_t width) {
  const std::vector<Tap> columns = triangle_taps(src.width, full_width, left, width);
  const std::vector<Tap> rows = triangle_taps(src.height, full_height, top, height);
  const int64_t first_row = rows.front().first;
  const int64_t last_row = rows.back().first + static_cast<int64_t>(rows.back().weights.size());
  const int64_t row_floats = width * src.channels;
  std::vector<float> wide(static_cast<size_t>((last_row - first_row) * row_floats));
  for (int64_t y = first_row; y < last_row; ++y)
    resize_row(src.pixels.data() + y * src.width * src.channels, src.channels, columns,
               wide.data() + (y - first_row) * row_floats);

  Image dst(height, width, src.channels);
  std::vector<float> sums(static_cast<size_t>(row_floats));
  for (int64_t y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 0.0F);
    const float* from = wide.data() + (rows[y].first - first_row) * row_floats;
    for (const float weight : rows[y].weights) {
      for (int64_t i = 0; i < row_floats; ++i) sums[i] += weight * from[i];
      from += row_floats;
    }
    for (int64_t i = 0; i < row_floats; ++i)
      dst.pixels[y * row_floats + i] = static_cast<uint8_t>(std::clamp(sums[i] + 0.5F, 0.0F, 255.0F));
  }
  return dst;
}

struct Size {
  int64_t height, width;
};

/// torchvision's Resize(size): the longer side is rounded down.
Size shorter_side_size(const Image& src, int64_t size) {
  return src.height <= src.width ? Size{size, size * src.width / src.height}
                                 : Size{size * src.height / src.width, size};
}

/// The same for a target that need not be square.
Size covering_size(const Image& src, int64_t height, int64_t width) {
  return height * src.width >= width * src.height ? Size{height, height * src.width / src.height}
                                                  : Size{width * src.height / src.width, width};
}

/// torchvision's CenterCrop: a half goes to the even number.
int64_t centre_offset(int64_t full, int64_t part) { return std::lrint(static_cast<double>(full - part) / 2); }

}  // namespace

Image resize_bilinear(const Image& src, int64_t height, int64_t width) {
  TWOFOUR_CHECK(height > 0 && width > 0, kInvalidArgument, "cannot resize an image to {}x{}", height, width);
  TWOFOUR_CHECK(!src.pixels.empty(), kInvalidArgument, "cannot resize an empty image");
  return resize_window(src, height, width, 0, 0, height, width);
}

void check_resize(int64_t resize, int64_t height, int64_t width) {
  TWOFOUR_CHECK(resize == 0 || resize >= std::max(height, width), kInvalidArgument,
                "images are resized to {}, which does not cover the {}x{} that is cropped from them", resize,
                height, width);
}

Image fit_image(const Image& src, int64_t height, int64_t width, int64_t resize) {
  TWOFOUR_CHECK(height > 0 && width > 0, kInvalidArgument, "cannot fit an image to {}x{}", height, width);
  check_resize(resize, height, width);
  TWOFOUR_CHECK(!src.pixels.empty(), kInvalidArgument, "cannot fit an empty image");
  if (resize == 0 && src.height == height && src.width == width) return src;
  const auto [full_height, full_width] =
      resize > 0 ? shorter_side_size(src, resize) : covering_size(src, height, width);
  return resize_window(src, full_height, full_width, centre_offset(full_height, height),
                       centre_offset(full_width, width), height, width);
}

Image convert_channels(const Image& src, int64_t channels) {
  TWOFOUR_CHECK(channels == 1 || channels == 3, kInvalidArgument,
                "images have 1 (grey) or 3 (RGB) channels, {} were asked for", channels);
  if (src.channels == channels) return src;
  Image dst(src.height, src.width, channels);
  const auto count = static_cast<size_t>(src.height * src.width);
  for (size_t i = 0; i < count; ++i) {
    if (channels == 3) {
      std::fill_n(dst.pixels.data() + 3 * i, 3, src.pixels[i]);
    } else {
      const uint8_t* rgb = src.pixels.data() + 3 * i;
      dst.pixels[i] = static_cast<uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
    }
  }
  return dst;
}

void to_planes(const Image& src, std::span<uint8_t> dst_chw) {
  TWOFOUR_ASSERT(src.pixels.size() == dst_chw.size());
  const auto plane = static_cast<size_t>(src.height * src.width);
  const auto channels = static_cast<size_t>(src.channels);
  for (size_t c = 0; c < channels; ++c)
    for (size_t i = 0; i < plane; ++i) dst_chw[c * plane + i] = src.pixels[i * channels + c];
}

void to_unit_floats(std::span<const uint8_t> src, std::span<float> dst) {
  TWOFOUR_ASSERT(src.size() == dst.size());
  for (size_t i = 0; i < src.size(); ++i) dst[i] = static_cast<float>(src[i]) / 255.0F;
}

}  // namespace twofour::data
