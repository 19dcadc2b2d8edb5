// Where the sixteen output pixels of a panel come from, for one tap (r, s) of the kernel.
#pragma once

#include <array>
#include <cstdint>

#include "cpu/sparse24/block_plan.h"
#include "cpu/sparse24/conv_shape.h"

namespace twofour::cpu {

/// Lanes [first, last) of a panel read input pixels of one image row, stride_w apart. Lanes in no run are
/// padding or lie beyond the last pixel, and are zero.
struct PixelRun {
  int64_t image;
  int64_t pixel;  // y * w + x that lane 0 would read (may lie outside the image, lanes of the run do not)
  int first;
  int last;
};

struct PixelRuns {
  std::array<PixelRun, kPanelWidth> runs;  // the first `count` are set
  int count;
};

class PixelFinder {
 public:
  PixelFinder(const ConvShape& shape, int64_t r, int64_t s);
  void find(int64_t panel, PixelRuns& result) const;

 private:
  int64_t out_w_, out_h_, pixels_;
  int64_t w_, h_;
  int64_t stride_w_, stride_h_;
  int64_t x_shift_, y_shift_;  // x = ox * stride_w + x_shift
  int64_t x_begin_, x_end_;    // the ox that read inside the image
};

}  // namespace twofour::cpu
