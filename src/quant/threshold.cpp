#include "quant/threshold.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace twofour::quant {
namespace {

constexpr size_t kLevels = 128;
constexpr size_t kFirst = 128;  // the least number of bins that a threshold keeps

double times_log(double v) { return v > 0 ? v * std::log(v) : 0; }

/// Sums over the first bins: of counts, of count * log(count), and of bins that are not empty.
struct Prefix {
  std::vector<double> count{0}, entropy{0}, filled{0};

  explicit Prefix(std::span<const double> counts) {
    for (const double c : counts) {
      count.push_back(count.back() + c);
      entropy.push_back(entropy.back() + times_log(c));
      filled.push_back(filled.back() + (c > 0 ? 1 : 0));
    }
  }
  double all() const { return count.back(); }
};

/// KL(P, Q), where P are the first `bins` bins with all others added to the last of them, and Q the first
/// bins averaged over each level. Both are normalised; a constant that all candidates share is left out.
double divergence(const Prefix& sums, size_t bins) {
  const double last = sums.count[bins] - sums.count[bins - 1];
  const double tail = sums.all() - sums.count[bins];
  if (last == 0 && tail > 0) return std::numeric_limits<double>::infinity();
  const double own = sums.entropy[bins] - times_log(last) + times_log(last + tail);
  double cross = -sums.all() * std::log(sums.count[bins]);
  for (size_t level = 0; level < kLevels; ++level) {
    const size_t begin = (level * bins + kLevels - 1) / kLevels;
    const size_t end = ((level + 1) * bins + kLevels - 1) / kLevels;
    const double count = sums.count[end] - sums.count[begin];
    if (count == 0) continue;
    const double p = count + (end == bins ? tail : 0);
    cross += p * std::log(count / (sums.filled[end] - sums.filled[begin]));
  }
  return own - cross;
}

double square_error(const Histogram& magnitudes, double threshold, double step) {
  const std::vector<uint64_t>& counts = magnitudes.counts();
  double error = 0;
  for (size_t bin = 0; bin < counts.size(); ++bin) {
    const double value = magnitudes.centre(bin);
    const double clipped = std::min(value, threshold);
    const double rounded = step * static_cast<double>(static_cast<int32_t>(clipped / step + 0.5));
    error += static_cast<double>(counts[bin]) * (rounded - value) * (rounded - value);
  }
  return error;
}

}  // namespace

size_t entropy_bins(std::span<const uint64_t> counts) {
  std::vector<double> bins(counts.begin(), counts.end());
  bins[0] = bins[1];
  const Prefix sums(bins);
  size_t best = bins.size();
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = kFirst; i <= bins.size(); ++i) {
    if (sums.count[i] == 0) continue;
    const double found = divergence(sums, i);
    if (found > least) continue;
    least = found;
    best = i;
  }
  return best;
}

size_t percentile_bins(std::span<const uint64_t> counts, double fraction) {
  const auto all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
  uint64_t sum = 0;
  for (size_t bin = 0; bin < counts.size(); ++bin) {
    sum += counts[bin];
    if (static_cast<double>(sum) >= fraction * all) return bin + 1;
  }
  return counts.size();
}

double mse_threshold(const Histogram& magnitudes, const std::function<double(double)>& step) {
  double best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (size_t bin = kFirst; bin < Histogram::kBins; ++bin) {
    const double threshold = magnitudes.centre(bin);
    const double error = square_error(magnitudes, threshold, step(threshold));
    if (error >= least) continue;
    least = error;
    best = threshold;
  }
  return best;
}

}  // namespace twofour::quant
