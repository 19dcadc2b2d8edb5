#include "cpu/sparse24/pixel_runs.h"

#include <algorithm>

namespace twofour::cpu {
namespace {

/// Rounds towards plus infinity; b > 0.
int64_t ceil_div(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

}  // namespace

PixelRuns PixelFinder::find(int64_t panel, int64_t r, int64_t s) const {
  const int64_t first_pixel = panel * kPanelWidth;
  const int64_t lanes = std::min(kPanelWidth, pixels_ - first_pixel);
  const int64_t x_shift = s * shape_.dilation_w - shape_.pad_left;
  const int64_t x_begin = ceil_div(-x_shift, shape_.stride_w);         // first ox inside the image
  const int64_t x_end = ceil_div(shape_.w - x_shift, shape_.stride_w);  // one past the last
  int64_t ox = first_pixel % out_w_;
  int64_t oy = first_pixel / out_w_ % out_h_;
  int64_t image = first_pixel / out_w_ / out_h_;
  PixelRuns result;
  result.count = 0;
  for (int64_t lane = 0; lane < lanes;) {
    const int64_t length = std::min(lanes - lane, out_w_ - ox);
    const int64_t y = oy * shape_.stride_h - shape_.pad_top + r * shape_.dilation_h;
    const int64_t begin = std::max(ox, x_begin);
    const int64_t end = std::min(ox + length, x_end);
    if (y >= 0 && y < shape_.h && begin < end) {
      result.runs[static_cast<size_t>(result.count++)] = {
          .image = image,
          .pixel = y * shape_.w + (ox - lane) * shape_.stride_w + x_shift,
          .first = static_cast<int>(lane + begin - ox),
          .last = static_cast<int>(lane + end - ox)};
    }
    lane += length;
    ox = 0;
    if (++oy == out_h_) {
      oy = 0;
      ++image;
    }
  }
  return result;
}

PixelFinder output_pixel_finder(const ConvShape& shape) {
  return PixelFinder({.batch = shape.batch, .c = shape.k, .h = 1, .w = shape.out_h() * shape.out_w()});
}

}  // namespace twofour::cpu
