#include "cpu/sparse24/pixel_runs.h"

#include <algorithm>

namespace twofour::cpu {
namespace {

/// Rounds towards plus infinity; b > 0.
int64_t ceil_div(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

}  // namespace

PixelFinder::PixelFinder(const ConvShape& shape, int64_t r, int64_t s)
    : out_w_(shape.out_w()),
      out_h_(shape.out_h()),
      pixels_(shape.pixels()),
      w_(shape.w),
      h_(shape.h),
      stride_w_(shape.stride_w),
      stride_h_(shape.stride_h),
      x_shift_(s * shape.dilation_w - shape.pad_left),
      y_shift_(r * shape.dilation_h - shape.pad_top),
      x_begin_(ceil_div(-x_shift_, stride_w_)),
      x_end_(ceil_div(w_ - x_shift_, stride_w_)) {}

void PixelFinder::find(int64_t panel, PixelRuns& result) const {
  const int64_t first_pixel = panel * kPanelWidth;
  const int64_t lanes = std::min(kPanelWidth, pixels_ - first_pixel);
  const int64_t row = first_pixel / out_w_;
  int64_t image = row / out_h_;
  int64_t oy = row - image * out_h_;
  int64_t ox = first_pixel - row * out_w_;
  result.count = 0;
  for (int64_t lane = 0; lane < lanes;) {
    const int64_t length = std::min(lanes - lane, out_w_ - ox);
    const int64_t y = oy * stride_h_ + y_shift_;
    const int64_t begin = std::max(ox, x_begin_);
    const int64_t end = std::min(ox + length, x_end_);
    if (y >= 0 && y < h_ && begin < end) {
      result.runs[static_cast<size_t>(result.count++)] = {
          .image = image,
          .pixel = y * w_ + (ox - lane) * stride_w_ + x_shift_,
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
}

}  // namespace twofour::cpu
