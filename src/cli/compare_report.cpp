#include "cli/compare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/chart.h"
#include "cli/html.h"

namespace twofour::cli {
namespace {

std::string verdict(const Difference& d) {
  const std::string text = d.within() ? "ok" : fmt::format("{} of {} outside", d.mismatches, d.elements);
  return d.nans > 0 ? fmt::format("{}, {} values are NaN", text, d.nans) : text;
}

/// A network that diverged agrees with itself: NaN is said even where both sides have it.
std::string nan_finding(const CompareReport& report) {
  std::string text;
  const auto has_nan = [](const LayerDifference& row) { return row.difference.nans > 0; };
  const auto first = std::ranges::find_if(report.layers, has_nan);
  if (first != report.layers.end()) text += fmt::format("\nthe first layer with NaN: {}", first->layer);
  for (const LayerDifference& row : report.outputs)
    if (has_nan(row))
      text += fmt::format("\noutput {}: {} of {} values are NaN", row.tensor, row.difference.nans,
                          row.difference.elements);
  return text;
}

void add_row(Table& table, const LayerDifference& row, const std::string& layer) {
  const Difference& d = row.difference;
  table.add_row({layer, row.tensor, row.op, row.tactic, fmt::format("{:.3g}", d.max_abs),
                 fmt::format("{:.3g}", d.mean_abs), fmt::format("{:.3g}", d.relative),
                 fmt::format("{:.6f}", d.cosine), verdict(d)});
}

/// Decimal digits in which the two sides agree.
double digits(const Difference& d) {
  constexpr double kMost = 16;
  return d.relative > 0 ? std::clamp(-std::log10(d.relative), 0.0, kMost) : kMost;
}

}  // namespace

Table compare_table(const CompareReport& report) {
  Table table(
      {"Layer", "Tensor", "Op", "Tactic", ">Max abs", ">Mean abs", ">Relative", ">Cosine", "Verdict"});
  for (const LayerDifference& row : report.layers) add_row(table, row, row.layer);
  for (const LayerDifference& row : report.outputs) add_row(table, row, "output");
  return table;
}

std::string compare_findings(const CompareReport& report) {
  const LayerDifference* outside = report.first_outside();
  std::string text = outside ? fmt::format("first layer outside tolerance: {}", outside->layer)
                             : "every layer is within tolerance";
  if (!report.culprit.empty())
    text += fmt::format("\nthe output leaves tolerance with layer: {}", report.culprit);
  if (report.unmatched > 0)
    text += fmt::format("\n{} layers have no counterpart of the same name and shape", report.unmatched);
  return text + nan_finding(report);
}

std::string compare_page(const CompareReport& report, const std::string& title) {
  HtmlPage page("twofour compare: " + title);
  page.paragraph(report.passed() ? "Every output is within tolerance." : "An output is out of tolerance.");
  page.paragraph(compare_findings(report));
  std::vector<std::string> names;
  Series agreement{"digits", {}, {}};
  for (const LayerDifference& row : report.layers) {
    names.push_back(row.layer);
    agreement.y.push_back(digits(row.difference));
  }
  if (!names.empty())
    page.figure(row_chart({"Agreement of each layer", "decimal digits", ""}, names, {agreement}, 1),
                "-log10 of the relative error, in the order in which the layers run.");
  page.table(compare_table(report));
  return page.str();
}

}  // namespace twofour::cli
