#include "data/stroke.h"

#include <algorithm>
#include <cmath>

namespace twofour::data {
namespace {

float catmull_rom(float p0, float p1, float p2, float p3, float t) {
  return 0.5F *
         (2 * p1 + t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))));
}

/// Pixels [first, last) of `size` whose centres lie within [low, high].
std::pair<int64_t, int64_t> pixel_range(float low, float high, int64_t size) {
  const float limit = static_cast<float>(size);
  return {static_cast<int64_t>(std::clamp(std::floor(low), 0.0F, limit)),
          static_cast<int64_t>(std::clamp(std::ceil(high), 0.0F, limit))};
}

}  // namespace

std::vector<Point> smooth_curve(std::span<const Point> points, int steps) {
  if (points.size() < 3) return {points.begin(), points.end()};
  std::vector<Point> line;
  const auto at = [&](size_t i) {
    return points[std::clamp<size_t>(i, 1, points.size()) - 1];
  };  // i counts from 1
  for (size_t i = 1; i < points.size(); ++i) {
    const Point p0 = at(i - 1), p1 = at(i), p2 = at(i + 1), p3 = at(i + 2);
    for (int step = 0; step < steps; ++step) {
      const float t = static_cast<float>(step) / static_cast<float>(steps);
      line.push_back({catmull_rom(p0.x, p1.x, p2.x, p3.x, t), catmull_rom(p0.y, p1.y, p2.y, p3.y, t)});
    }
  }
  line.push_back(points.back());
  return line;
}

void Coverage::draw(std::span<const Point> line, float line_width) {
  for (size_t i = 1; i < line.size(); ++i) draw_segment(line[i - 1], line[i], line_width / 2);
}

void Coverage::draw_segment(Point a, Point b, float radius) {
  const float reach = radius + 1;
  const auto [top, bottom] = pixel_range(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach, height_);
  const auto [left, right] = pixel_range(std::min(a.x, b.x) - reach, std::max(a.x, b.x) + reach, width_);
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float inverse = 1.0F / std::max(dx * dx + dy * dy, 1e-12F);
  for (int64_t y = top; y < bottom; ++y) {
    for (int64_t x = left; x < right; ++x) {
      const float px = static_cast<float>(x) + 0.5F - a.x, py = static_cast<float>(y) + 0.5F - a.y;
      const float t = std::clamp((px * dx + py * dy) * inverse, 0.0F, 1.0F);
      const float distance = std::hypot(px - t * dx, py - t * dy);
      float& value = values_[static_cast<size_t>(y * width_ + x)];
      value = std::max(value, std::clamp(radius + 0.5F - distance, 0.0F, 1.0F));
    }
  }
}

}  // namespace twofour::data
