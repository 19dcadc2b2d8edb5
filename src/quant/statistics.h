// Statistics of one tensor over the calibration data, taken batch by batch in memory that does not grow. They
// depend neither on the order of the samples nor on how they are divided into batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace twofour::quant {

/// The position of the first value that is NaN or infinite.
std::optional<size_t> first_non_finite(std::span<const float> values);

/// Pass 1: the extremes, of all values and of each sample.
class Extremes {
 public:
  /// `samples` of equal size, one after the other. Values are finite.
  void add(std::span<const float> values, int64_t samples);

  bool empty() const { return samples_ == 0; }
  float low() const { return low_; }
  float high() const { return high_; }
  /// Means over the samples.
  float mean_low() const { return static_cast<float>(low_sum_ / static_cast<double>(samples_)); }
  float mean_high() const { return static_cast<float>(high_sum_ / static_cast<double>(samples_)); }

 private:
  float low_ = std::numeric_limits<float>::infinity();
  float high_ = -std::numeric_limits<float>::infinity();
  double low_sum_ = 0;
  double high_sum_ = 0;
  int64_t samples_ = 0;
};

/// Pass 2: how many values lie in each of 2048 bins of equal width.
class Histogram {
 public:
  static constexpr size_t kBins = 2048;

  /// From `low` to `high`, which are finite; what lies outside counts in the first or last bin, NaN in
  /// either.
  Histogram(float low, float high);
  void add(std::span<const float> values);
  /// Of |value|.
  void add_magnitudes(std::span<const float> values);

  const std::vector<uint64_t>& counts() const { return counts_; }
  /// Where bin `bin` begins; of kBins, where the last one ends.
  double edge(size_t bin) const { return low_ + width_ * static_cast<double>(bin); }
  double centre(size_t bin) const { return low_ + width_ * (static_cast<double>(bin) + 0.5); }
  /// The fraction of the values whose bins have their centre outside [low, high].
  double share_outside(double low, double high) const;

 private:
  template <typename Map>
  void count(std::span<const float> values, const Map& map);

  double low_;
  double width_;
  float factor_;  // bin = value * factor_ + offset_
  float offset_;
  std::vector<uint64_t> counts_;
};

}  // namespace twofour::quant
