#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "cli/chart.h"
#include "cli/html.h"
#include "sparse/report.h"
#include "sparse/row_table.h"
#include "sparse/summary.h"
#include "sparse/time_model.h"

namespace twofour::bench {
namespace {

using cli::ChartText;
using cli::Series;

std::vector<int> thread_counts(const Report& run) {
  std::set<int> counts;
  for (const Row& row : run.rows) counts.insert(row.threads);
  return {counts.begin(), counts.end()};
}

/// The rows at one precision.
Report part_of(const Report& run, Precision precision) {
  Report part;
  for (const Row& row : run.rows)
    if (row.problem.precision == precision) part.rows.push_back(row);
  return part;
}

std::string threads_text(int threads) {
  return threads == 1 ? "1 thread" : fmt::format("{} threads", threads);
}

/// NaN where every tactic declined: a gap in charts.
double shown_speedup(const Row& row) { return row.sparse() ? row.sparse()->speedup : NAN; }

std::vector<const Row*> rows_of(const Report& run, std::string_view suite, int threads) {
  std::vector<const Row*> rows;
  for (const Row& row : run.rows)
    if (row.problem.suite == suite && row.threads == threads) rows.push_back(&row);
  return rows;
}

/// Speedup over one size of a sweep, a line for each number of threads, and the line where nothing is gained.
void add_sweep(const Report& run, cli::HtmlPage& page, std::string_view suite, const ChartText& text,
               int64_t Problem::*size) {
  std::vector<Series> series;
  for (const int threads : thread_counts(run)) {
    Series line{.name = threads_text(threads)};
    for (const Row* row : rows_of(run, suite, threads)) {
      line.x.push_back(static_cast<double>(row->problem.*size));
      line.y.push_back(shown_speedup(*row));
    }
    if (!line.x.empty()) series.push_back(std::move(line));
  }
  if (series.empty()) return;
  const auto [low, high] = std::ranges::minmax(series[0].x);
  series.push_back({.name = "dense", .x = {low, high}, .y = {1, 1}});
  page.figure(cli::line_chart(text, series), "");
}

void add_sweeps(const Report& run, cli::HtmlPage& page) {
  const auto text = [](const char* title, const char* x) {
    return ChartText{.title = title, .x_label = x, .y_label = "speedup", .log2_x = true};
  };
  page.heading("Speedup by N and by size");
  page.paragraph(
      "Median over rounds of the fastest dense time over ours. Few columns make a product wait for its "
      "weights, "
      "many make it wait for arithmetic, of which 2:4 leaves half.");
  add_sweep(run, page, "sweep_n_gemm", text("Columns: M = K = 1024", "N"), &Problem::n);
  add_sweep(run, page, "sweep_size_gemm", text("All sides: M = K = N", "side"), &Problem::n);
  add_sweep(run, page, "sweep_m_gemm", text("Rows: K = 1024, N = 256", "M"), &Problem::m);
  add_sweep(run, page, "sweep_k_gemm", text("Depth: M = 1024, N = 256", "K"), &Problem::k);
}

/// A value of each row of a suite, a bar for each number of threads.
void add_bars(const Report& run, cli::HtmlPage& page, std::string_view suite, const std::string& title) {
  std::vector<Series> series;
  std::vector<std::string> names;
  for (const int threads : thread_counts(run)) {
    Series bars{.name = threads_text(threads)};
    for (const Row* row : rows_of(run, suite, threads)) {
      bars.y.push_back(shown_speedup(*row));
      if (series.empty()) names.push_back(row->problem.name);
    }
    if (bars.y.size() == names.size()) series.push_back(std::move(bars));
  }
  if (names.empty()) return;
  page.figure(cli::row_chart({.title = title, .x_label = "speedup; -: every sparse tactic declined"}, names,
                             series, 2, 1),
              "");
}

void add_shapes(const Report& run, cli::HtmlPage& page) {
  page.heading("Speedup by shape");
  page.paragraph(
      "Layers of networks; n is the number of tokens, b the batch size. The vertical line is the fastest "
      "dense candidate, whichever it is at that shape: Winograd at many 3x3 convolutions.");
  add_bars(run, page, "transformer_gemm", "Transformers");
  add_bars(run, page, "gemv_gemm", "Few tokens, weights from memory");
  add_bars(run, page, "resnet50_conv", "ResNet-50");
  add_bars(run, page, "resnext101_conv", "ResNeXt-101 32x8d");
  add_bars(run, page, "vgg16_conv", "VGG-16");
  add_bars(run, page, "resnet20_conv", "ResNet-20 (32x32 images)");
}

void add_shares(const Report& run, cli::HtmlPage& page, std::string_view suite, const std::string& title,
                int threads) {
  Series dense{.name = "dense"}, sparse{.name = "sparse"};
  std::vector<std::string> names;
  for (const Row* row : rows_of(run, suite, threads)) {
    names.push_back(row->problem.name);
    dense.y.push_back(100 * row->dense_share());
    sparse.y.push_back(100 * row->sparse_share());
  }
  if (names.empty()) return;
  page.figure(cli::row_chart(
                  {.title = fmt::format("{}, {}", title, threads_text(threads)), .x_label = "% of the bound"},
                  names, {dense, sparse}, 0, 100),
              "");
}

void add_ceiling(const Report& run, cli::HtmlPage& page) {
  page.heading("Share of the ceiling");
  const std::vector<int> counts = thread_counts(run);
  for (const int threads : counts) {
    double flops = 0, bytes = 0;
    for (const Row& row : run.rows)
      if (row.threads == threads) {
        flops = std::max(flops, row.ceiling_gflops);
        bytes = std::max(bytes, row.bandwidth_gbs);
      }
    page.paragraph(fmt::format("{}: {:.0f} GFLOP/s of multiply-adds in registers{}.", threads_text(threads),
                               flops, bytes > 0 ? fmt::format(", {:.0f} GB/s read from memory", bytes) : ""));
  }
  page.paragraph(
      "Both are measured in the rounds of each row. Arithmetic bounds products with many columns: the share "
      "counts the multiply-adds that are done, half as many for sparse (Winograd does fewer than are "
      "counted, so that it passes 100%); of bf16 two and of codes four count as one. Where weights come from "
      "memory, bytes may bound: 4 for a dense weight in f32, 2.25 for a 2:4 one; 2 and 1.125 in bf16, 1 and "
      "0.625 in int8.");
  add_shares(run, page, "transformer_gemm", "Transformers", counts.front());
  add_shares(run, page, "sweep_n_gemm", "Columns: M = K = 1024", counts.front());
  add_shares(run, page, "gemv_gemm", "Few tokens, weights from memory", counts.back());
  add_shares(run, page, "resnet50_conv", "ResNet-50", counts.front());
}

void add_time_parts(const Report& run, cli::HtmlPage& page) {
  // Beyond, fetching the code itself takes more and more of the time.
  constexpr int64_t kLargest = 1100;
  std::vector<const Row*> rows = rows_of(run, "sweep_m_gemm", 1);
  std::ranges::copy(rows_of(run, "sweep_k_gemm", 1), std::back_inserter(rows));
  std::erase_if(rows, [](const Row* row) { return std::max(row->problem.m, row->problem.k) > kLargest; });
  const auto model = fit_time_model(rows);
  if (!model) return;
  constexpr std::array<std::pair<int64_t, int64_t>, 5> kSizes = {
      {{256, 256}, {256, 1024}, {768, 768}, {1024, 256}, {1024, 1024}}};
  std::vector<std::string> names;
  Series packing{.name = "packing"}, code{.name = "generated code"}, delivery{.name = "delivery"};
  for (const auto& [m, k] : kSizes) {
    const TimeModel::Shares shares = model->shares(m, k);
    names.push_back(fmt::format("M = {}, K = {}", m, k));
    packing.y.push_back(100 * shares.packing);
    code.y.push_back(100 * shares.code);
    delivery.y.push_back(100 * shares.delivery);
  }
  page.heading("Where time goes");
  page.paragraph(
      fmt::format("Packing X costs K N, delivering Y M N, and generated code M K N. Kernels hold no clocks: "
                  "the three are what best fits the sweeps of M and K up to {} at N = 256 on one thread, "
                  "{:.2f} ns for each element of X, {:.2f} ns for each of Y, and {:.0f} GFLOP/s, dense ones "
                  "counted, for the code.",
                  kLargest, model->packing_ns, model->delivery_ns, 2 / model->code_ns));
  page.figure(cli::row_chart({.title = "Parts of a product's time", .x_label = "%"}, names,
                             {packing, code, delivery}, 0),
              "");
}

void add_part(const Report& part, std::string_view precision, cli::HtmlPage& page) {
  if (part.rows.empty()) return;
  page.heading(fmt::format("Everybody in {}", precision));
  add_sweeps(part, page);
  add_shapes(part, page);
  add_ceiling(part, page);
  add_time_parts(part, page);
}

cli::Table summary_table(const Report& run) {
  cli::Table table({"Figure", ">Value"});
  const Json summary = summary_of(run.rows);
  for (const auto& [name, value] : summary.items())
    table.add_row({name, value.is_null() ? "-" : fmt::format("{:.3f}", value.get<double>())});
  return table;
}

}  // namespace

std::string html_of(const Report& run) {
  cli::HtmlPage page("2:4 kernels against dense libraries");
  page.paragraph(
      fmt::format("{}. Dense: {}. {} rows in {:.0f} s. Everybody computes in the precision of the row; "
                  "whoever takes part runs in turn in every round, and ratios are of the same round.",
                  run.device, fmt::join(run.peers, ", "), run.rows.size(), run.seconds));
  for (const std::string& note : run.notes) page.paragraph(note);
  page.table(summary_table(run));
  page.paragraph(
      "gemm: N >= 64, K and M >= 256. gemv: N <= 4 and weights that no cache holds. conv: ResNet-50 at batch "
      "1 and "
      "8. A shape that every sparse tactic declines counts as 1: the engine runs it dense.");
  for (const auto& [name, precision] : kPrecisionNames) add_part(part_of(run, precision), name, page);
  page.heading("Every row");
  page.table(row_table(run.rows));
  return page.str();
}

}  // namespace twofour::bench
