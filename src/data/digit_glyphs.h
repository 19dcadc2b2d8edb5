// The shapes of the ten digits as strokes in the unit square, a few ways of writing each.
#pragma once

#include <span>
#include <vector>

#include "data/stroke.h"

namespace twofour::data {

struct GlyphStroke {
  bool smooth;  // a curve through the points, else straight lines
  std::vector<Point> points;
};
using Glyph = std::vector<GlyphStroke>;

/// Ways of writing `digit`, 0 to 9; never empty.
std::span<const Glyph> digit_glyphs(int64_t digit);

}  // namespace twofour::data
