#include "cli/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/session.h"

namespace twofour::cli {
namespace {

double mean_of(const std::vector<double>& samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

}  // namespace

double median_of(std::vector<double> samples) {
  std::ranges::sort(samples);
  const size_t middle = samples.size() / 2;
  return samples.size() % 2 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

double percentile_of(std::vector<double> samples, float p) {
  std::ranges::sort(samples);
  const auto all = static_cast<int64_t>(samples.size());
  const int64_t index = all - 1 - static_cast<int64_t>((1 - p / 100) * static_cast<float>(all));
  return samples[static_cast<size_t>(std::clamp<int64_t>(index, 0, all - 1))];
}

std::string statistics_text(const std::vector<double>& samples_ms, const std::vector<float>& percentiles) {
  const auto [least, most] = std::ranges::minmax(samples_ms);
  std::string text = fmt::format("min = {:g} ms, max = {:g} ms, mean = {:g} ms, median = {:g} ms", least,
                                 most, mean_of(samples_ms), median_of(samples_ms));
  for (const float p : percentiles)
    text += fmt::format(", percentile({:g}%) = {:g} ms", p, percentile_of(samples_ms, p));
  return text;
}

double coefficient_of_variance(const std::vector<double>& samples) {
  const double mean = mean_of(samples);
  double sum = 0;
  for (const double s : samples) sum += (s - mean) * (s - mean);
  return mean > 0 ? std::sqrt(sum / static_cast<double>(samples.size())) / mean : 0;
}

Comparison compare_engines(const Engine& a, const Engine& b, double duration_s) {
  Session first(a, a.random_inputs());
  Session second(b, b.random_inputs());
  constexpr size_t kLeastRounds = 7;
  std::vector<double> a_ms, b_ms, ratios;
  first.run();
  second.run();
  const auto start = Clock::now();
  while (ratios.size() < kLeastRounds || ms_between(start, Clock::now()) < duration_s * 1e3) {
    // The order alternates, so that neither always runs in the other's wake.
    const bool swap = ratios.size() % 2;
    if (swap) b_ms.push_back(second.run());
    a_ms.push_back(first.run());
    if (!swap) b_ms.push_back(second.run());
    ratios.push_back(a_ms.back() / b_ms.back());
  }
  return {median_of(a_ms), median_of(b_ms), median_of(ratios), static_cast<int>(ratios.size())};
}

}  // namespace twofour::cli
