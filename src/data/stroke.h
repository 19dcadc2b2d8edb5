// Strokes: polylines with a width, drawn with smooth edges from the exact distance to the line.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace twofour::data {

struct Point {
  float x = 0;  // to the right
  float y = 0;  // down
};

/// A curve through all `points` (Catmull-Rom), as a polyline with `steps` pieces between neighbours.
std::vector<Point> smooth_curve(std::span<const Point> points, int steps);

/// How much of each pixel is covered, in [0, 1]; strokes add up by maximum.
class Coverage {
 public:
  Coverage(int64_t height, int64_t width)
      : height_(height), width_(width), values_(static_cast<size_t>(height * width)) {}
  /// `line` and `line_width` in pixels; pixel (0, 0) has its centre at (0.5, 0.5). Edges fall off over one
  /// pixel.
  void draw(std::span<const Point> line, float line_width);
  std::span<const float> values() const { return values_; }

 private:
  void draw_segment(Point a, Point b, float radius);

  int64_t height_;
  int64_t width_;
  std::vector<float> values_;
};

}  // namespace twofour::data
