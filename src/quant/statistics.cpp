#include "quant/statistics.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/parallel.h"

namespace twofour::quant {
namespace {

constexpr int64_t kGrain = 65536;  // values

struct Pair {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();
};

Pair extremes_of(const float* values, int64_t count) {
  float low = Pair{}.low;
  float high = Pair{}.high;
#pragma omp simd reduction(min : low) reduction(max : high)
  for (int64_t i = 0; i < count; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  return {low, high};
}

Pair parallel_extremes(std::span<const float> values) {
  Pair all;
  std::mutex mutex;
  parallel_ranges(static_cast<int64_t>(values.size()), kGrain, [&](int64_t begin, int64_t end) {
    const Pair part = extremes_of(values.data() + begin, end - begin);
    const std::scoped_lock lock(mutex);
    all = {std::min(all.low, part.low), std::max(all.high, part.high)};
  });
  return all;
}

bool is_finite(float value) {
  constexpr uint32_t kExponent = 0x7f800000;
  return (std::bit_cast<uint32_t>(value) & kExponent) != kExponent;
}

bool all_finite(std::span<const float> values) {
  const float* data = values.data();
  uint32_t found = 0;
#pragma omp simd reduction(| : found)
  for (size_t i = 0; i < values.size(); ++i) found |= static_cast<uint32_t>(!is_finite(data[i]));
  return found == 0;
}

}  // namespace

std::optional<size_t> first_non_finite(std::span<const float> values) {
  if (all_finite(values)) return std::nullopt;
  return static_cast<size_t>(std::ranges::find_if_not(values, is_finite) - values.begin());
}

void Extremes::add(std::span<const float> values, int64_t samples) {
  if (values.empty()) return;
  const size_t size = values.size() / static_cast<size_t>(samples);
  for (int64_t i = 0; i < samples; ++i) {
    const Pair sample = parallel_extremes(values.subspan(static_cast<size_t>(i) * size, size));
    low_ = std::min(low_, sample.low);
    high_ = std::max(high_, sample.high);
    low_sum_ += double{sample.low};
    high_sum_ += double{sample.high};
  }
  samples_ += samples;
}

Histogram::Histogram(float low, float high)
    : low_(low), width_((double{high} - double{low}) / kBins), counts_(kBins) {
  const double factor = 1 / width_;
  factor_ = factor <= double{std::numeric_limits<float>::max()} ? static_cast<float>(factor) : 0;
  offset_ = -low * factor_;
}

template <typename Map>
void Histogram::count(std::span<const float> values, const Map& map) {
  constexpr int64_t kBlock = 256;
  constexpr size_t kLanes = 4;  // neighbours that fall into one bin do not wait for each other
  constexpr auto kLast = static_cast<float>(kBins - 1);
  std::mutex mutex;
  parallel_ranges(static_cast<int64_t>(values.size()), kGrain, [&](int64_t begin, int64_t end) {
    std::array<std::array<uint32_t, kBins>, kLanes> found{};
    std::array<int32_t, kBlock> bins;
    for (int64_t at = begin; at < end; at += kBlock) {
      const int64_t size = std::min(kBlock, end - at);
      const float* block = values.data() + at;
#pragma omp simd
      for (int64_t i = 0; i < size; ++i) {
        const float place = map(block[i]) * factor_ + offset_;
        bins[static_cast<size_t>(i)] = static_cast<int32_t>(std::max(0.0F, std::min(kLast, place)));
      }
      for (size_t i = 0; i < static_cast<size_t>(size); ++i)
        ++found[i % kLanes][static_cast<size_t>(bins[i])];
    }
    const std::scoped_lock lock(mutex);
    for (const auto& lane : found)
      for (size_t bin = 0; bin < kBins; ++bin) counts_[bin] += lane[bin];
  });
}

void Histogram::add(std::span<const float> values) {
  count(values, [](float v) { return v; });
}

void Histogram::add_magnitudes(std::span<const float> values) {
  count(values, [](float v) { return std::fabs(v); });
}

double Histogram::share_outside(double low, double high) const {
  uint64_t outside = 0;
  for (size_t bin = 0; bin < kBins; ++bin)
    if (centre(bin) < low || centre(bin) > high) outside += counts_[bin];
  const uint64_t all = std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
  return all == 0 ? 0 : static_cast<double>(outside) / static_cast<double>(all);
}

}  // namespace twofour::quant
