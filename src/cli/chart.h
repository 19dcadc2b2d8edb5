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
  bool log2_x = false;  // line charts: powers of two are equally far apart; x > 0
};

std::string line_chart(const ChartText& text, const std::vector<Series>& series);
/// Groups of vertical bars: one group per category, one bar per series, the value above each bar with
/// `decimals`. The axis starts at 0, or at `floor` when given (it is then marked as cut).
std::string bar_chart(const ChartText& text, const std::vector<std::string>& categories,
                      const std::vector<Series>& series, int decimals, double floor = 0);
/// Horizontal bars, one row per category, for many categories with long names. A line crosses them at `mark`
/// unless it is 0.
std::string row_chart(const ChartText& text, const std::vector<std::string>& categories,
                      const std::vector<Series>& series, int decimals, double mark = 0);

}  // namespace twofour::cli
