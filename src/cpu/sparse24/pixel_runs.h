// Where the sixteen output pixels of a panel come from, for one tap (r, s) of the kernel.
#pragma once

#include <array>
#include <cstdint>

#include "cpu/sparse24/block_plan.h"
#include "cpu/sparse24/conv_shape.h"

namespace twofour::cpu {

/// Lanes [first, last) of a panel read input pixels of one image row, stride_w apart. Lanes in no run are padding or
/// lie beyond the last pixel, and are zero.
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
  explicit PixelFinder(const ConvShape& shape)
      : shape_(shape), out_w_(shape.out_w()), out_h_(shape.out_h()), pixels_(shape.pixels()) {}
  PixelRuns find(int64_t panel, int64_t r, int64_t s) const;

 private:
  const ConvShape shape_;
  const int64_t out_w_, out_h_, pixels_;
};

/// Finds the panels' own pixels in the output image.
PixelFinder output_pixel_finder(const ConvShape& shape);

}  // namespace twofour::cpu
