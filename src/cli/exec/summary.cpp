#include "cli/exec/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/parse.h"
#include "cli/timing.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

using Lines = std::vector<LogLine>;
using Part = double (Query::*)() const;

constexpr double kUnstable = 0.025;  // coefficient of variance

std::vector<double> column(const std::vector<Query>& queries, Part part) {
  std::vector<double> samples;
  for (const Query& query : queries) samples.push_back((query.*part)());
  return samples;
}

double sum(std::span<const Query> queries, Part part) {
  double total = 0;
  for (const Query& query : queries) total += (query.*part)();
  return total;
}

void add_heading(Lines& lines, const char* heading, bool timing_only) {
  lines.push_back({'I', ""});
  lines.push_back({'I', heading});
  if (timing_only) lines.push_back({'W', kTimingOnly});
}

void add_details(Lines& lines, const Trace& trace, int avg_runs) {
  lines.push_back({'I', fmt::format("Trace averages of {} runs:", avg_runs)});
  const auto step = static_cast<size_t>(avg_runs);
  const size_t groups = trace.queries.size() / step;
  constexpr size_t kShown = 200;  // lines at either end
  for (size_t group = 0; group < groups; ++group) {
    if (groups > 2 * kShown && group == kShown) {
      lines.push_back({'I', fmt::format("... Omitting {} lines", groups - 2 * kShown)});
      group = groups - kShown;
    }
    const auto queries = std::span(trace.queries).subspan(group * step, step);
    const double compute = sum(queries, &Query::compute_ms) / avg_runs;
    lines.push_back(
        {'I', fmt::format("Average on {} runs - GPU latency: {:g} ms - Host latency: {:g} ms "
                          "(enqueue {:g} ms)",
                          avg_runs, compute, sum(queries, &Query::latency_ms) / avg_runs, compute)});
  }
}

void add_summary(Lines& lines, const Trace& trace, const std::vector<float>& percentiles) {
  const auto add = [&](const char* name, Part part) {
    lines.push_back(
        {'I', fmt::format("{}: {}", name, statistics_text(column(trace.queries, part), percentiles))});
  };
  lines.push_back({'I', fmt::format("Throughput: {:g} qps", trace.throughput_qps())});
  add("Latency", &Query::latency_ms);
  // A CPU has no queue: the call that enqueues a query computes it.
  add("Enqueue Time", &Query::compute_ms);
  add("H2D Latency", &Query::in_ms);
  add("GPU Compute Time", &Query::compute_ms);
  add("D2H Latency", &Query::out_ms);
  lines.push_back({'I', fmt::format("Total Host Walltime: {:g} s", trace.wall_s())});
  lines.push_back(
      {'I', fmt::format("Total GPU Compute Time: {:g} s", sum(trace.queries, &Query::compute_ms) / 1e3)});
}

void add_transfer_warning(Lines& lines, const Trace& trace, Part part, const char* what) {
  if (median_of(column(trace.queries, part)) < median_of(column(trace.queries, &Query::compute_ms))) return;
  lines.push_back({'W', fmt::format("* Throughput may be bound by {} rather than GPU Compute.", what)});
  lines.push_back({'W', "  --noDataTransfers leaves them out."});
}

void add_warnings(Lines& lines, const Trace& trace) {
  add_transfer_warning(lines, trace, &Query::in_ms, "host-to-device transfers for the inputs");
  add_transfer_warning(lines, trace, &Query::out_ms, "device-to-host transfers for the outputs");
  const double variance = coefficient_of_variance(column(trace.queries, &Query::compute_ms));
  if (variance > kUnstable) {
    lines.push_back({'W', fmt::format("* GPU compute time is unstable, with coefficient of variance = {:g}%.",
                                      variance * 100)});
    lines.push_back({'W', "  Other work on the machine and clocks that change are the usual causes."});
  }
  if (std::ranges::any_of(trace.queries, [](const Query& q) { return q.stream > 0; }))
    lines.push_back({'W', "* Streams compete for the cores: latencies are higher than those of one stream."});
  lines.push_back({'I', "Explanations of the performance metrics are printed in the verbose logs."});
}

void add_explanations(Lines& lines) {
  for (const char* text :
       {"=== Explanations of the performance metrics ===",
        "Throughput: queries per second of Total Host Walltime; a query is one run, whatever its batch size.",
        "Latency: H2D Latency + GPU Compute Time + D2H Latency of one query.",
        "Enqueue Time: time in the call that starts a query; on a CPU the call computes, so it is GPU "
        "Compute "
        "Time.",
        "H2D Latency: copying the inputs into the engine's buffers.",
        "GPU Compute Time: running all layers, on the CPU.", "D2H Latency: copying the outputs out.",
        "Total Host Walltime: from the start of the first query after the warm-up to the end of the last.",
        "Total GPU Compute Time: the sum of GPU Compute Time; above Total Host Walltime with several "
        "streams."})
    lines.push_back({'V', text});
}

}  // namespace

std::vector<LogLine> performance_lines(const Trace& trace, const SummaryOptions& options) {
  Lines lines;
  lines.push_back({'I', fmt::format("Warmup completed {} queries over {:g} ms", trace.warm_up_queries,
                                    options.warm_up_ms)});
  lines.push_back(
      {'I', fmt::format("Timing trace has {} queries over {:g} s", trace.queries.size(), trace.wall_s())});
  add_heading(lines, "=== Trace details ===", options.timing_only);
  add_details(lines, trace, options.avg_runs);
  add_heading(lines, "=== Performance summary ===", options.timing_only);
  add_summary(lines, trace, options.percentiles);
  add_warnings(lines, trace);
  add_explanations(lines);
  return lines;
}

std::vector<float> parse_percentiles(const std::string& text) {
  std::vector<float> percentiles = parse_floats(text);
  for (const float p : percentiles)
    if (!(p >= 0 && p <= 100))
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is not between 0 and 100", p));
  return percentiles;
}

}  // namespace twofour::cli
