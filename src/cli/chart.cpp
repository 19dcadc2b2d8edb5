#include "cli/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/svg.h"

namespace twofour::cli {
namespace {

constexpr double kWidth = 640;
constexpr double kHeight = 300;
constexpr double kLeft = 64;
constexpr double kRight = 16;
constexpr double kTop = 48;
constexpr double kBottom = 48;

struct Scale {
  double from_low, from_high, to_low, to_high;
  double operator()(double v) const {
    return to_low + (v - from_low) / (from_high - from_low) * (to_high - to_low);
  }
};

std::pair<double, double> range(const std::vector<Series>& series, std::vector<double> Series::*values) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const Series& s : series)
    for (const double v : s.*values)
      if (!std::isnan(v)) {
        low = std::min(low, v);
        high = std::max(high, v);
      }
  return low <= high ? std::pair(low, high) : std::pair(0.0, 1.0);
}

std::string colour(size_t series) { return fmt::format("s{}", series % 6); }

void legend(Svg& svg, const std::vector<Series>& series) {
  double x = kLeft;
  for (size_t i = 0; i < series.size() && series.size() > 1; ++i) {
    svg.rect(x, 26, 10, 10, colour(i));
    svg.text(x + 14, 35, series[i].name, "start");
    x += 30 + 6.6 * static_cast<double>(series[i].name.size());
  }
}

void y_axis(Svg& svg, const std::vector<double>& ticks, const Scale& y, const ChartText& text) {
  for (const double tick : ticks) {
    svg.line(kLeft, y(tick), kWidth - kRight, y(tick), "g");
    svg.text(kLeft - 6, y(tick) + 4, tick_text(tick), "end");
  }
  svg.vertical_text(16, (kTop + kHeight - kBottom) / 2, text.y_label);
  svg.text(kLeft, 16, text.title, "start", "h");
  svg.text((kLeft + kWidth - kRight) / 2, kHeight - 8, text.x_label, "middle");
}

std::string value_text(double value, int decimals) { return fmt::format("{:.{}f}", value, decimals); }

/// Powers of two in [low, high].
std::vector<double> log2_ticks(double low, double high) {
  std::vector<double> ticks;
  for (double tick = std::exp2(std::ceil(std::log2(low))); tick <= high; tick *= 2) ticks.push_back(tick);
  return ticks;
}

}  // namespace

std::string line_chart(const ChartText& text, const std::vector<Series>& series) {
  Svg svg(kWidth, kHeight);
  const auto [x_low, x_high] = range(series, &Series::x);
  const auto [y_low, y_high] = range(series, &Series::y);
  const int points = series.empty() ? 2 : static_cast<int>(series[0].x.size());
  const std::vector<double> x_ticks =
      text.log2_x ? log2_ticks(x_low, x_high) : axis_ticks(x_low, x_high, std::clamp(points - 1, 1, 8));
  const std::vector<double> y_ticks = axis_ticks(y_low, y_high, 5);
  const auto position = [&](double v) { return text.log2_x ? std::log2(v) : v; };
  const Scale along{position(x_low), std::max(position(x_high), position(x_low) + 1e-9), kLeft + 8,
                    kWidth - kRight - 8};
  const auto x = [&](double v) { return along(position(v)); };
  const Scale y{y_ticks.front(), y_ticks.back(), kHeight - kBottom, kTop};
  y_axis(svg, y_ticks, y, text);
  for (const double tick : x_ticks)
    if (tick >= x_low && tick <= x_high) svg.text(x(tick), kHeight - kBottom + 18, tick_text(tick), "middle");
  for (size_t i = 0; i < series.size(); ++i) {
    std::vector<double> px, py;
    for (size_t j = 0; j < series[i].x.size(); ++j) {
      if (std::isnan(series[i].y[j])) continue;
      px.push_back(x(series[i].x[j]));
      py.push_back(y(series[i].y[j]));
      svg.circle(
          px.back(), py.back(), 2.5, colour(i),
          fmt::format("{}: {} at {}", series[i].name, tick_text(series[i].y[j]), tick_text(series[i].x[j])));
    }
    svg.polyline(px, py, "l" + colour(i));
  }
  legend(svg, series);
  return svg.str(text.title);
}

std::string bar_chart(const ChartText& text, const std::vector<std::string>& categories,
                      const std::vector<Series>& series, int decimals, double floor) {
  Svg svg(kWidth, kHeight);
  const double high = range(series, &Series::y).second;
  std::vector<double> ticks = axis_ticks(floor, high, 5);
  ticks.front() = std::max(ticks.front(), floor);
  const Scale y{ticks.front(), ticks.back(), kHeight - kBottom, kTop};
  y_axis(svg, ticks, y, text);
  const double group = (kWidth - kLeft - kRight) / static_cast<double>(categories.size());
  const double bar = std::min(56.0, group * 0.8 / static_cast<double>(series.size()));
  for (size_t c = 0; c < categories.size(); ++c) {
    const double middle = kLeft + group * (static_cast<double>(c) + 0.5);
    svg.text(middle, kHeight - kBottom + 18, categories[c], "middle");
    for (size_t i = 0; i < series.size(); ++i) {
      const double value = series[i].y[c];
      if (std::isnan(value)) continue;
      const double left = middle + bar * (static_cast<double>(i) - static_cast<double>(series.size()) / 2);
      const std::string label = value_text(value, decimals);
      svg.rect(left + 1, y(value), bar - 2, y(ticks.front()) - y(value), colour(i),
               fmt::format("{} {}: {}", categories[c], series[i].name, label));
      svg.text(left + bar / 2, y(value) - 4, label, "middle");
    }
  }
  if (floor > 0) svg.text(kLeft - 6, kHeight - kBottom + 18, "axis cut", "end");
  legend(svg, series);
  return svg.str(text.title);
}

std::string row_chart(const ChartText& text, const std::vector<std::string>& categories,
                      const std::vector<Series>& series, int decimals, double mark) {
  constexpr double kNames = 250;
  constexpr double kBar = 9;
  const double row = kBar * static_cast<double>(series.size()) + 8;
  const double height = kTop + row * static_cast<double>(categories.size()) + 30;
  Svg svg(kWidth + 120, height);
  const double high = std::max({range(series, &Series::y).second, mark, 1e-9});
  const Scale x{0, high, kNames, kWidth + 60};
  svg.text(8, 16, text.title, "start", "h");
  legend(svg, series);
  for (size_t c = 0; c < categories.size(); ++c) {
    const double top = kTop + row * static_cast<double>(c);
    std::string name = categories[c];
    constexpr size_t kLongest = 36;
    if (name.size() > kLongest) name = name.substr(0, kLongest - 3) + "...";
    svg.text(kNames - 8, top + row / 2, name, "end");
    for (size_t i = 0; i < series.size(); ++i) {
      const double value = series[i].y[c];
      const double y = top + kBar * static_cast<double>(i);
      const std::string label = std::isnan(value) ? "-" : value_text(value, decimals);
      if (!std::isnan(value))
        svg.rect(kNames, y, x(value) - kNames, kBar - 1, colour(i),
                 fmt::format("{} {}: {}", categories[c], series[i].name, label));
      svg.text((std::isnan(value) ? kNames : x(value)) + 4, y + kBar - 1, label, "start", "v");
    }
  }
  if (mark > 0) {
    svg.line(x(mark), kTop - 4, x(mark), height - 26, "m");
    svg.text(x(mark), kTop - 8, tick_text(mark), "middle");
  }
  svg.text(kNames, height - 10, text.x_label, "start");
  return svg.str(text.title);
}

}  // namespace twofour::cli
