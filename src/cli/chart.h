// Charts as inline SVG, for reports that are one self-contained file. Colours follow the page's light or dark
// theme through CSS classes s0..s5 (html.cpp).
#pragma once

#include <string>
#include <vector>

namespace twofour::cli {

struct Series {
  std::string name;
  std::vector<double> x;  // line charts; bar charts use the position
  std::vector<double> y;  // NaN: no value
};

struct ChartText {
  std::string title;
  std::string x_label;
  std::string y_label;
};

std::string line_chart(const ChartText& text, const std::vector<Series>& series);
/// Groups of vertical bars: one group per category, one bar per series, the value above each bar with
/// `decimals`. The axis starts at 0, or at `floor` when given (it is then marked as cut).
std::string bar_chart(const ChartText& text, const std::vector<std::string>& categories,
                      const std::vector<Series>& series, int decimals, double floor = 0);
/// Horizontal bars, one row per category, for many categories with long names.
std::string row_chart(const ChartText& text, const std::vector<std::string>& categories,
                      const std::vector<Series>& series, int decimals);

}  // namespace twofour::cli
