#include "builder/round_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace twofour::builder {
namespace {

constexpr size_t kFewestToSettle = 9;
constexpr double kSettledNoise = 0.01;
constexpr double kClearlySlower = 1.1;
constexpr double kDisturbedFactor = 1.2;
constexpr double kDisturbedUs = 20;  // timers and caches alone can make up less

/// 0: the least, 0.5: the median, of an odd number.
double quantile(std::vector<double> samples, double fraction) {
  const auto index = static_cast<std::ptrdiff_t>(fraction * static_cast<double>(samples.size() - 1));
  std::ranges::nth_element(samples, samples.begin() + index);
  return samples[static_cast<size_t>(index)];
}

std::vector<size_t> fastest_first(const std::vector<double>& us) {
  std::vector<size_t> order(us.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return us[i]; });
  return order;
}

}  // namespace

std::vector<double> lower_quartiles(const Rounds& rounds) {
  std::vector<double> us;
  for (const auto& samples : rounds) us.push_back(quantile(samples, 0.25));
  return us;
}

Ratio ratio_of(std::span<const double> a, std::span<const double> b) {
  std::vector<double> values;
  for (size_t i = 0; i < a.size(); ++i) values.push_back(a[i] / b[i]);
  const double median = quantile(values, 0.5);
  for (double& v : values) v = std::abs(v - median);
  // For normal deviations: sigma is 1.4826 times their median, a median's error 1.2533 sigma / sqrt(n).
  const double sigma = 1.4826 * quantile(values, 0.5);
  return {median, 1.96 * 1.2533 * sigma / std::sqrt(static_cast<double>(a.size()))};
}

std::vector<double> believed_us(const Rounds& rounds) {
  std::vector<double> us = lower_quartiles(rounds);
  std::vector<size_t> distinct;
  for (const size_t i : fastest_first(us)) {
    const auto twin = std::ranges::find_if(distinct, [&](size_t faster) {
      const Ratio ratio = ratio_of(rounds[i], rounds[faster]);
      return ratio.median - ratio.noise <= 1;
    });
    if (twin == distinct.end()) distinct.push_back(i);
    else us[i] = us[*twin];
  }
  return us;
}

bool is_settled(const Rounds& rounds) {
  if (rounds.empty() || rounds.size() == 1) return true;
  if (rounds[0].size() < kFewestToSettle) return false;
  const size_t fastest = fastest_first(lower_quartiles(rounds)).front();
  return std::ranges::all_of(rounds, [&](const auto& samples) {
    const Ratio ratio = ratio_of(samples, rounds[fastest]);
    return ratio.median - ratio.noise > kClearlySlower || ratio.noise < kSettledNoise;
  });
}

bool is_disturbed(const Rounds& rounds) {
  if (rounds.empty()) return false;
  const std::vector<double> us = lower_quartiles(rounds);
  const size_t fastest = fastest_first(us).front();
  const double best = std::ranges::min(rounds[fastest]);
  return us[fastest] > best * kDisturbedFactor && us[fastest] > best + kDisturbedUs;
}

}  // namespace twofour::builder
