#include "data/digits.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/rng.h"
#include "data/digit_glyphs.h"
#include "data/stroke.h"

namespace twofour::data {
namespace {

constexpr int kCurveSteps = 6;
constexpr float kGlyphHeight = 0.66F;  // of the smaller image side, before jitter
constexpr float kGlyphAspect = 0.62F;  // width to height, before jitter

float around(Rng& rng, float middle, float range) { return rng.uniform(middle - range, middle + range); }

/// Glyph square to pixels: scale, shear, rotate, move.
struct Placement {
  float xx, xy, yx, yy, x0, y0;

  Placement(const DigitsOptions& options, Rng& rng) {
    const auto height = static_cast<float>(options.image_shape[1]),
               width = static_cast<float>(options.image_shape[2]);
    const float side = std::min(height, width);
    const float sy = side * kGlyphHeight * around(rng, 1, options.scale);
    const float sx = side * kGlyphHeight * kGlyphAspect * around(rng, 1, options.scale);
    const float angle = around(rng, 0, options.rotation_deg) * std::numbers::pi_v<float> / 180;
    const float shear = around(rng, 0, options.shear);
    const float cosine = std::cos(angle), sine = std::sin(angle);
    xx = cosine * sx;
    xy = (cosine * shear - sine) * sy;
    yx = sine * sx;
    yy = (sine * shear + cosine) * sy;
    x0 = width / 2 + around(rng, 0, options.translation) * side;
    y0 = height / 2 + around(rng, 0, options.translation) * side;
  }
  Point operator()(Point p) const {
    const float x = p.x - 0.5F, y = p.y - 0.5F;
    return {x0 + xx * x + xy * y, y0 + yx * x + yy * y};
  }
};

/// Points of different strokes that coincide move together, so that no stroke comes apart.
struct PointNoise {
  uint64_t seed;
  float deviation;
  Point operator()(Point p) const {
    const auto key = static_cast<uint64_t>(std::lround(p.x * 1000) * 10007 + std::lround(p.y * 1000));
    Rng rng = Rng::stream(seed, key);
    return {p.x + deviation * rng.normal(), p.y + deviation * rng.normal()};
  }
};

class DigitsDataset final : public Dataset {
 public:
  explicit DigitsDataset(const DigitsOptions& options)
      : Dataset(options.image_shape, numbered_classes(10), options.size),
        options_(options),
        side_(static_cast<float>(std::min(options.image_shape[1], options.image_shape[2]))) {}

 private:
  int64_t do_load(int64_t index, std::span<float> dst_chw) const override {
    Rng rng = Rng::stream(options_.seed, static_cast<uint64_t>(index));
    const auto digit = static_cast<int64_t>(rng.below(10));
    Coverage clutter(options_.image_shape[1], options_.image_shape[2]);
    draw_clutter(rng, clutter);
    Coverage strokes(options_.image_shape[1], options_.image_shape[2]);
    draw_digit(digit, rng, strokes);
    paint(strokes.values(), clutter.values(), rng, dst_chw);
    return digit;
  }

  void draw_digit(int64_t digit, Rng& rng, Coverage& coverage) const {
    const auto glyphs = digit_glyphs(digit);
    const Glyph& glyph = glyphs[rng.below(glyphs.size())];
    const Placement place(options_, rng);
    const PointNoise noise{rng.next(), options_.point_noise};
    const float width = rng.uniform(options_.min_stroke, options_.max_stroke) * side_;
    for (const GlyphStroke& stroke : glyph) {
      std::vector<Point> points;
      for (const Point p : stroke.points) points.push_back(place(noise(p)));
      coverage.draw(stroke.smooth ? smooth_curve(points, kCurveSteps) : points, width);
    }
  }

  /// Short bent lines anywhere, thinner than the widest digits.
  void draw_clutter(Rng& rng, Coverage& coverage) const {
    const auto height = static_cast<float>(options_.image_shape[1]),
               width = static_cast<float>(options_.image_shape[2]);
    const uint64_t count = rng.below(static_cast<uint64_t>(options_.max_clutter) + 1);
    for (uint64_t i = 0; i < count; ++i) {
      const Point start{rng.uniform(0, width), rng.uniform(0, height)};
      const float length = rng.uniform(0.1F, 0.35F) * side_;
      const float angle = rng.uniform(0, 2 * std::numbers::pi_v<float>);
      const float bend = angle + around(rng, 0, 1.2F);
      const Point middle{start.x + length * std::cos(angle), start.y + length * std::sin(angle)};
      const Point points[] = {
          start, middle, {middle.x + length * std::cos(bend), middle.y + length * std::sin(bend)}};
      const float line_width =
          rng.uniform(options_.min_stroke, (options_.min_stroke + options_.max_stroke) / 2);
      coverage.draw(smooth_curve(points, kCurveSteps), line_width * side_);
    }
  }

  void paint(std::span<const float> strokes, std::span<const float> clutter, Rng& rng,
             std::span<float> dst) const {
    const int64_t height = options_.image_shape[1], width = options_.image_shape[2];
    const float contrast = rng.uniform(options_.min_contrast, 0.9F);
    const float low = rng.uniform(0, 1 - contrast);
    const bool light_digit = rng.below(2) == 1;
    const float slope_x = around(rng, 0, options_.gradient), slope_y = around(rng, 0, options_.gradient);
    for (int64_t c = 0; c < options_.image_shape[0]; ++c) {
      const float tint =
          c == 0 ? 1.0F : rng.uniform(0.5F, 1.0F);  // the first channel alone shows every digit
      const float digit = (light_digit ? 1.0F : -1.0F) * contrast * tint;
      const float clutter_tone = digit * rng.uniform(0.4F, 1.0F);
      const float ground = light_digit ? low : low + contrast;
      for (int64_t i = 0; i < height * width; ++i) {
        const float x = static_cast<float>(i % width) / static_cast<float>(width) - 0.5F;
        const float y = static_cast<float>(i / width) / static_cast<float>(height) - 0.5F;
        float value = ground + slope_x * x + slope_y * y;
        value += clutter[i] * (1 - strokes[i]) * clutter_tone + strokes[i] * digit;
        dst[c * height * width + i] = std::clamp(value + options_.noise * rng.normal(), 0.0F, 1.0F);
      }
    }
  }

  DigitsOptions options_;
  float side_;
};

}  // namespace

std::unique_ptr<Dataset> make_digits(const DigitsOptions& options) {
  TWOFOUR_CHECK(options.size > 0, kInvalidArgument, "digits: {} images were asked for", options.size);
  TWOFOUR_CHECK(options.image_shape.rank() == 3 && options.image_shape[1] >= 8 && options.image_shape[2] >= 8,
                kInvalidArgument, "digits: image shape {}, expected C,H,W with sides of at least 8",
                options.image_shape.to_string());
  TWOFOUR_CHECK(options.min_stroke > 0 && options.min_stroke <= options.max_stroke, kInvalidArgument,
                "digits: stroke widths from {} to {}", options.min_stroke, options.max_stroke);
  TWOFOUR_CHECK(options.min_contrast > 0 && options.min_contrast <= 0.9F, kInvalidArgument,
                "digits: least contrast {}, expected above 0 and at most 0.9", options.min_contrast);
  TWOFOUR_CHECK(options.scale >= 0 && options.scale < 1, kInvalidArgument,
                "digits: scale jitter {}, expected at least 0 and below 1", options.scale);
  TWOFOUR_CHECK(options.noise >= 0 && options.point_noise >= 0 && options.max_clutter >= 0, kInvalidArgument,
                "digits: noise, point noise and clutter are at least 0, got {}, {} and {}", options.noise,
                options.point_noise, options.max_clutter);
  return std::make_unique<DigitsDataset>(options);
}

}  // namespace twofour::data
