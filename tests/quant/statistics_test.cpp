#include "quant/statistics.h"

#include <cmath>
#include <numeric>

#include "testing.h"

namespace twofour::quant {
namespace {

std::vector<float> normal_values(size_t count) {
  const Tensor tensor = random_tensor({static_cast<int64_t>(count)}, 7);
  return {tensor.span<float>().begin(), tensor.span<float>().end()};
}

TEST(Extremes, AreThoseOfAllAndMeansOfEachSample) {
  Extremes extremes;
  EXPECT_TRUE(extremes.empty());
  extremes.add(std::vector<float>{1, -2, 3, 4}, 2);
  extremes.add(std::vector<float>{-7, 0}, 1);
  EXPECT_EQ(extremes.low(), -7);
  EXPECT_EQ(extremes.high(), 4);
  EXPECT_FLOAT_EQ(extremes.mean_low(), (-2 + 3 - 7) / 3.0F);
  EXPECT_FLOAT_EQ(extremes.mean_high(), (1 + 4 + 0) / 3.0F);
}

TEST(Extremes, OfManyValuesAreExact) {
  std::vector<float> values = normal_values(300'001);
  values[77'777] = -50;
  values[299'999] = 60;
  Extremes extremes;
  extremes.add(values, 1);
  EXPECT_EQ(extremes.low(), -50);
  EXPECT_EQ(extremes.high(), 60);
}

TEST(FirstNonFinite, IsFoundWhereverItIs) {
  for (size_t size = 1; size < 70; ++size) {
    std::vector<float> values(size, 3.0F);
    EXPECT_EQ(first_non_finite(values), std::nullopt);
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      values[size / 2] = bad;
      EXPECT_EQ(first_non_finite(values), size / 2);
    }
  }
  EXPECT_EQ(first_non_finite(std::vector<float>{3e38F, -3e38F, 1e-45F}), std::nullopt);
}

TEST(Histogram, PutsEdgesInTheBinThatBeginsThere) {
  Histogram histogram(0, 2048);
  histogram.add(std::vector<float>{0, 0.5F, 1, 2047.5F, 2048, 5000, -1});
  EXPECT_EQ(histogram.counts()[0], 3u);
  EXPECT_EQ(histogram.counts()[1], 1u);
  EXPECT_EQ(histogram.counts()[2047], 3u);
  EXPECT_EQ(histogram.edge(1), 1);
  EXPECT_EQ(histogram.edge(2048), 2048);
  EXPECT_EQ(histogram.centre(3), 3.5);
  EXPECT_DOUBLE_EQ(histogram.share_outside(1, 2047), 6.0 / 7);
}

TEST(Histogram, CountsMagnitudes) {
  Histogram histogram(0, 4);
  histogram.add_magnitudes(std::vector<float>{-4, 4, -0.0F, 1});
  EXPECT_EQ(histogram.counts()[2047], 2u);
  EXPECT_EQ(histogram.counts()[512], 1u);
  EXPECT_EQ(histogram.counts()[0], 1u);
}

TEST(Histogram, CountsWhatIsNotFinite) {
  for (const float value : {NAN, INFINITY, -INFINITY}) {
    Histogram histogram(-1, 1);
    histogram.add(std::vector<float>(1000, value));
    EXPECT_EQ(histogram.counts().front() + histogram.counts().back(), 1000u) << value;
  }
}

TEST(Histogram, DoesNotDependOnOrderOrBatches) {
  const std::vector<float> values = normal_values(200'003);
  Histogram whole(-4, 4), parts(-4, 4);
  whole.add(values);
  const std::span<const float> all = values;
  parts.add(all.subspan(150'000));
  for (size_t begin = 0; begin < 150'000; begin += 50'000) parts.add(all.subspan(begin, 50'000));
  EXPECT_EQ(whole.counts(), parts.counts());
  EXPECT_EQ(std::accumulate(whole.counts().begin(), whole.counts().end(), uint64_t{0}), values.size());
}

TEST(Histogram, HoldsRangesOfAnySize) {
  for (const float most : {0.0F, 1e-45F, 1e-38F, 3e38F}) {
    Histogram histogram(-most, most);
    histogram.add(std::vector<float>{-most, 0, most});
    EXPECT_EQ(std::accumulate(histogram.counts().begin(), histogram.counts().end(), uint64_t{0}), 3u) << most;
  }
}

}  // namespace
}  // namespace twofour::quant
