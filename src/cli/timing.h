// Repeated runs of an engine, and their statistics as trtexec computes them.
#pragma once

#include <string>
#include <vector>

#include "cli/inputs.h"

namespace twofour::cli {

struct TimingOptions {
  int64_t iterations = 10;  // at least this many
  double duration_s = 3;    // and at least this long
  double warm_up_ms = 200;
  bool data_transfers = true;  // copy inputs in and outputs out around every run
};

/// Milliseconds of one run.
struct RunTime {
  double copy_in_ms = 0;
  double compute_ms = 0;
  double copy_out_ms = 0;
  double latency_ms() const { return copy_in_ms + compute_ms + copy_out_ms; }
};

struct Timing {
  std::vector<RunTime> runs;
  double wall_s = 0;
  int64_t warm_up_runs = 0;
  double throughput_qps() const { return wall_s > 0 ? static_cast<double>(runs.size()) / wall_s : 0; }
};

Timing time_engine(const Engine& engine, const Inputs& inputs, const TimingOptions& options);

/// Total microseconds of every layer (Engine::layer_names() order) over `runs` runs.
std::vector<double> profile_engine(const Engine& engine, const Inputs& inputs, int runs);

/// Median of `samples`; the mean of the middle two for an even number.
double median_of(std::vector<double> samples);
/// The p-th percentile: element all-1-int((1-p/100)*all) of the sorted samples, in f32 as trtexec.
double percentile_of(std::vector<double> samples, float p);
/// "min = 1 ms, max = 2 ms, mean = ..., median = ..., percentile(90%) = ...".
std::string statistics_text(const std::vector<double>& samples_ms, const std::vector<float>& percentiles);
double coefficient_of_variance(const std::vector<double>& samples);

/// Ratio a/b per round and its median: both engines run in turn on random inputs, so that both see the same
/// machine.
struct Comparison {
  double a_ms = 0;  // medians
  double b_ms = 0;
  double ratio = 0;  // median over rounds of a/b
  int rounds = 0;
};
Comparison compare_engines(const Engine& a, const Engine& b, double duration_s);

}  // namespace twofour::cli
