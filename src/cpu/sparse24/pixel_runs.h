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
  int64_t image = 0;
  int64_t pixel = 0;  // y * w + x that lane 0 would read (may lie outside the image, lanes of the run do not)
  int first = 0;
  int last = 0;
};

struct PixelRuns {
  std::array<PixelRun, kPanelWidth> runs;
  int count = 0;
};

PixelRuns find_pixel_runs(const ConvShape& shape, int64_t panel, int64_t r, int64_t s);

/// The runs of the panel's own output pixels.
PixelRuns find_output_runs(const ConvShape& shape, int64_t panel);

}  // namespace twofour::cpu
