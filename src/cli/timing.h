// Statistics of repeated runs as trtexec computes them, and two engines timed in turn.
#pragma once

#include <string>
#include <vector>

#include "twofour/engine.h"

namespace twofour::cli {

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
