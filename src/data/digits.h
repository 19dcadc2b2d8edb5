// The built-in data: drawn digits 0 to 9, so that every command can be tried without a download. Strokes are
// jittered, drawn in several widths on a noisy ground, and disturbed by clutter and low contrast.
#pragma once

#include <memory>

#include "data/dataset.h"

namespace twofour::data {

struct DigitsOptions {
  Shape image_shape{1, 28, 28};  // any C (each channel has its own tones), H and W of at least 8
  int64_t size = 20'000;
  uint64_t seed = 1;

  // How hard it is. Lengths are fractions of the smaller image side.
  float rotation_deg = 15;    // uniform in +-
  float shear = 0.25F;        // uniform in +-
  float scale = 0.2F;         // height and width, each 1 +- this
  float translation = 0.08F;  // uniform in +-
  float point_noise = 0.04F;  // deviation of each control point, fraction of the glyph
  float min_stroke = 0.05F;
  float max_stroke = 0.13F;
  float min_contrast = 0.4F;  // between digit and ground; uniform up to 0.9, dark on light or light on dark
  float noise = 0.07F;        // deviation of each pixel
  float gradient = 0.25F;     // largest change of the ground from side to side
  int max_clutter = 2;        // strokes that belong to no digit, uniform in 0..max
};

/// Image i is a function of (options, i) alone. Throws Error{kInvalidArgument} on a shape or option that
/// cannot be drawn.
std::unique_ptr<Dataset> make_digits(const DigitsOptions& options = {});

}  // namespace twofour::data
