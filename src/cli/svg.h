// SVG elements as text, and axis arithmetic.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twofour::cli {

std::string escape_xml(std::string_view text);

class Svg {
 public:
  Svg(double width, double height) : width_(width), height_(height) {}
  void line(double x1, double y1, double x2, double y2, std::string_view css);
  /// `tip` is shown when the pointer rests on the bar.
  void rect(double x, double y, double width, double height, std::string_view css, std::string_view tip = {});
  void polyline(const std::vector<double>& x, const std::vector<double>& y, std::string_view css);
  void circle(double x, double y, double radius, std::string_view css, std::string_view tip);
  /// anchor: "start", "middle" or "end".
  void text(double x, double y, std::string_view content, std::string_view anchor,
            std::string_view css = "t");
  void vertical_text(double x, double y, std::string_view content);
  std::string str(std::string_view label) const;

 private:
  double width_, height_;
  std::string body_;
};

/// Round numbers that cover [low, high], about `count` of them.
std::vector<double> axis_ticks(double low, double high, int count);
/// "0.25", "1500", "2e-05".
std::string tick_text(double value);

}  // namespace twofour::cli
