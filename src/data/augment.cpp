#include "data/augment.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace twofour::data {

void flip_horizontal(std::span<float> image, const Shape& shape) {
  const int64_t width = shape[2];
  for (auto row = image.begin(); row != image.end(); row += width) std::reverse(row, row + width);
}

void shift_image(std::span<const float> src, std::span<float> dst, const Shape& shape, int64_t dy,
                 int64_t dx) {
  const int64_t height = shape[1];
  const int64_t width = shape[2];
  const int64_t first = std::clamp<int64_t>(-dx, 0, width);  // dst columns [first, last) have a source
  const int64_t last = std::clamp<int64_t>(width - dx, first, width);
  std::fill(dst.begin(), dst.end(), 0.0F);
  for (int64_t c = 0; c < shape[0]; ++c) {
    for (int64_t y = std::max<int64_t>(0, -dy); y < std::min(height, height - dy); ++y) {
      const float* from = src.data() + (c * height + y + dy) * width + dx;
      std::copy(from + first, from + last, dst.data() + (c * height + y) * width + first);
    }
  }
}

void normalise(std::span<float> image, const Shape& shape, std::span<const float> mean,
               std::span<const float> std) {
  const auto channels = static_cast<size_t>(shape[0]);
  TWOFOUR_CHECK(mean.size() == channels && std.size() == channels, kInvalidArgument,
                "images of {} channels need as many means and deviations, got {} and {}", channels,
                mean.size(), std.size());
  const size_t plane = image.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    TWOFOUR_CHECK(std[c] > 0, kInvalidArgument,
                  "the deviation of channel {} is {}, expected a positive value", c, std[c]);
    for (float& value : image.subspan(c * plane, plane)) value = (value - mean[c]) / std[c];
  }
}

void augment(std::span<float> image, const Shape& shape, const AugmentOptions& options, Rng& rng) {
  if (options.crop_padding > 0) {
    const auto places = static_cast<uint64_t>(2 * options.crop_padding + 1);
    const auto dy = static_cast<int64_t>(rng.below(places)) - options.crop_padding;
    const auto dx = static_cast<int64_t>(rng.below(places)) - options.crop_padding;
    const std::vector<float> src(image.begin(), image.end());
    shift_image(src, image, shape, dy, dx);
  }
  if (options.flip && rng.below(2) == 1) flip_horizontal(image, shape);
}

}  // namespace twofour::data
