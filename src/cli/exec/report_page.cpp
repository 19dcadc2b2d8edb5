#include "cli/exec/report_page.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "cli/chart.h"
#include "cli/html.h"
#include "cli/layer_table.h"

namespace twofour::cli {
namespace {

std::string mib(size_t bytes) { return fmt::format("{:.2f} MiB", static_cast<double>(bytes) / (1 << 20)); }

/// "Fact: value".
void add_fact(Table& table, const std::string& line) {
  const size_t colon = line.find(": ");
  table.add_row({line.substr(0, colon), line.substr(colon + 2)});
}

Table facts(const ReportContent& content) {
  const BuildReport& build = content.build;
  Table table({"Fact", "Value"});
  table.add_row({"Source", content.source});
  table.add_row({"Device", content.device});
  table.add_row({"Layers", std::to_string(content.layers.size())});
  table.add_row({"Eligible for 2:4, run sparse",
                 fmt::format("{}, {}", build.eligible_layers().size(), build.sparse_layers().size())});
  if (const std::string trial = build.trial.summary(); !trial.empty()) table.add_row({"As a whole", trial});
  for (const std::string& line : build.precision_trial.summary()) add_fact(table, line);
  if (const std::string layers = build.precision_summary(); !layers.empty())
    table.add_row({"Layers by precision", layers});
  if (build.timing_only) add_fact(table, kTimingOnly);
  table.add_row({"Built in", fmt::format("{:.2f} s", build.build_s)});
  table.add_row({"Engine file", mib(content.file_bytes)});
  table.add_row({"Weights", mib(build.weights_bytes)});
  table.add_row({"Activations, and what no plan could go below",
                 fmt::format("{}, {}", mib(build.arena_bytes), mib(build.arena_lower_bound_bytes))});
  return table;
}

// From "=== Performance summary ===" to the explanations.
void add_performance(HtmlPage& page, const std::vector<LogLine>& lines) {
  Table table({"Measure", "Value"});
  bool summary = false;
  for (const LogLine& line : lines) {
    if (summary && line.level == 'I' && line.text.find(": ") != std::string::npos) add_fact(table, line.text);
    if (summary && line.level == 'W') page.paragraph(line.text);
    summary |= line.text == "=== Performance summary ===";
  }
  page.table(table);
}

void add_profile(HtmlPage& page, const Profile& profile) {
  std::vector<std::string> names;
  Series median{"median", {}, {}};
  for (const LayerTime& layer : profile.layers) {
    names.push_back(layer.name);
    median.y.push_back(layer.median_ms * 1e3);
  }
  page.heading("Time per layer");
  page.figure(row_chart({"Median time of each layer", "microseconds", ""}, names, {median}, 1),
              fmt::format("Over {} queries of a run of its own, in the order in which the layers run.",
                          profile.count));
  Table table({"Layer", ">Total ms", ">Average ms", ">Median ms", ">Share %"});
  for (const LayerTime& layer : profile.layers)
    table.add_row({layer.name, fmt::format("{:.2f}", layer.total_ms), fmt::format("{:.4f}", layer.average_ms),
                   fmt::format("{:.4f}", layer.median_ms), fmt::format("{:.1f}", layer.percent)});
  page.table(table);
}

Series best_times(const BuildReport& build, const std::string& name, bool sparse) {
  Series series{name, {}, {}};
  for (const LayerChoice& layer : build.layers) {
    const double us = layer.best_us(sparse);
    if (layer.has_weight) series.y.push_back(us < 0 ? std::numeric_limits<double>::quiet_NaN() : us);
  }
  return series;
}

void add_choices(HtmlPage& page, const BuildReport& build) {
  std::vector<std::string> names;
  for (const LayerChoice& layer : build.layers)
    if (layer.has_weight) names.push_back(layer.layer);
  page.heading("What was chosen");
  if (!names.empty())
    page.figure(row_chart({"Best dense and best sparse tactic of layers with weights", "microseconds", ""},
                          names, {best_times(build, "dense", false), best_times(build, "sparse", true)}, 1),
                "As timed during the build; \"-\" where none was: the tables say why.");
  page.table(layer_table(build));
  page.heading("Every candidate");
  page.table(candidate_table(build));
}

}  // namespace

std::string report_page(const ReportContent& content) {
  HtmlPage page("twofour exec: " + content.source);
  page.table(facts(content));
  if (!content.performance.empty()) {
    page.heading("Performance");
    add_performance(page, content.performance);
  }
  if (content.profile) add_profile(page, *content.profile);
  add_choices(page, content.build);
  return page.str();
}

}  // namespace twofour::cli
