#include "cpu/sparse24/pixel_runs.h"

#include <algorithm>

namespace twofour::cpu {
namespace {

/// Rounds towards plus infinity; b > 0.
int64_t ceil_div(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

}  // namespace

PixelRuns find_pixel_runs(const ConvShape& shape, int64_t panel, int64_t r, int64_t s) {
  const int64_t out_w = shape.out_w();
  const int64_t out_h = shape.out_h();
  const int64_t first_pixel = panel * kPanelWidth;
  const int64_t lanes = std::min(kPanelWidth, shape.pixels() - first_pixel);
  const int64_t x_shift = s * shape.dilation_w - shape.pad_left;
  const int64_t x_begin = ceil_div(-x_shift, shape.stride_w);                          // first ox inside the image
  const int64_t x_end = ceil_div(shape.w - x_shift, shape.stride_w);                   // one past the last
  int64_t ox = first_pixel % out_w;
  int64_t oy = first_pixel / out_w % out_h;
  int64_t image = first_pixel / out_w / out_h;
  PixelRuns result;
  for (int64_t lane = 0; lane < lanes;) {
    const int64_t length = std::min(lanes - lane, out_w - ox);
    const int64_t y = oy * shape.stride_h - shape.pad_top + r * shape.dilation_h;
    const int64_t begin = std::max(ox, x_begin);
    const int64_t end = std::min(ox + length, x_end);
    if (y >= 0 && y < shape.h && begin < end) {
      result.runs[static_cast<size_t>(result.count++)] = {
          .image = image,
          .pixel = y * shape.w + (ox - lane) * shape.stride_w + x_shift,
          .first = static_cast<int>(lane + begin - ox),
          .last = static_cast<int>(lane + end - ox)};
    }
    lane += length;
    ox = 0;
    if (++oy == out_h) {
      oy = 0;
      ++image;
    }
  }
  return result;
}

PixelRuns find_output_runs(const ConvShape& shape, int64_t panel) {
  const ConvShape flat{.batch = shape.batch, .c = shape.k, .h = 1, .w = shape.out_h() * shape.out_w()};
  return find_pixel_runs(flat, panel, 0, 0);
}

}  // namespace twofour::cpu
