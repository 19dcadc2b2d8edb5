#include "cli/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace twofour::cli {
namespace {

std::string tooltip(std::string_view tip) {
  return tip.empty() ? "" : fmt::format("<title>{}</title>", escape_xml(tip));
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') result += "&amp;";
    else if (c == '<') result += "&lt;";
    else if (c == '>') result += "&gt;";
    else if (c == '"') result += "&quot;";
    else result += c;
  }
  return result;
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view css) {
  body_ += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)", x1, y1, x2,
                       y2, css);
}

void Svg::rect(double x, double y, double width, double height, std::string_view css, std::string_view tip) {
  body_ += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}">{}</rect>)",
                       x, y, std::max(width, 0.0), std::max(height, 0.0), css, tooltip(tip));
}

void Svg::polyline(const std::vector<double>& x, const std::vector<double>& y, std::string_view css) {
  std::string points;
  for (size_t i = 0; i < x.size(); ++i) points += fmt::format("{:.1f},{:.1f} ", x[i], y[i]);
  body_ += fmt::format(R"(<polyline points="{}" class="{}" fill="none"/>)", points, css);
}

void Svg::circle(double x, double y, double radius, std::string_view css, std::string_view tip) {
  body_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}">{}</circle>)", x, y, radius, css,
                       tooltip(tip));
}

void Svg::text(double x, double y, std::string_view content, std::string_view anchor, std::string_view css) {
  body_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>)", x, y, anchor,
                       css, escape_xml(content));
}

void Svg::vertical_text(double x, double y, std::string_view content) {
  body_ += fmt::format(
      R"-(<text transform="translate({:.1f},{:.1f}) rotate(-90)" text-anchor="middle" class="t">{}</text>)-",
      x, y, escape_xml(content));
}

std::string Svg::str(std::string_view label) const {
  return fmt::format(
      R"(<svg viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" role="img" aria-label="{2}">{3}</svg>)", width_,
      height_, escape_xml(label), body_);
}

std::vector<double> axis_ticks(double low, double high, int count) {
  if (!(high > low)) high = low + 1;
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * power >= raw) step = factor * power;
  std::vector<double> ticks;
  for (double tick = std::floor(low / step) * step; ticks.empty() || ticks.back() < high - step * 1e-9;
       tick += step)
    ticks.push_back(std::abs(tick) < step * 1e-9 ? 0 : tick);
  return ticks;
}

std::string tick_text(double value) { return fmt::format("{:.6g}", value); }

}  // namespace twofour::cli
