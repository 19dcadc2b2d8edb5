#include "quant/threshold.h"

#include "testing.h"

namespace twofour::quant {
namespace {

using Counts = std::vector<uint64_t>;

TEST(Entropy, KeepsAUniformTensorWhole) {
  EXPECT_EQ(entropy_bins(Counts(Histogram::kBins, 100)), Histogram::kBins);
}

TEST(Entropy, ClipsOutliersOfASlope) {
  Counts counts(Histogram::kBins);
  for (size_t i = 0; i < 512; ++i) counts[i] = 1024 - 2 * i;
  counts.back() = 3;
  EXPECT_NEAR(static_cast<double>(entropy_bins(counts)), 511, 1);
}

TEST(Entropy, CountsTheFirstBinAsTheSecond) {
  Counts counts(Histogram::kBins, 100);
  counts[0] = 1'000'000'000;  // of a ReLU
  EXPECT_EQ(entropy_bins(counts), Histogram::kBins);
}

TEST(Entropy, KeepsTheOnlyValue) {
  Counts counts(Histogram::kBins);
  counts.back() = 5;
  EXPECT_EQ(entropy_bins(counts), Histogram::kBins);
}

TEST(Percentile, IsTheLeastNumberOfBinsThatHoldsTheShare) {
  const Counts counts = {90, 9, 0, 1};
  EXPECT_EQ(percentile_bins(counts, 0), 1u);
  EXPECT_EQ(percentile_bins(counts, 0.9), 1u);
  EXPECT_EQ(percentile_bins(counts, 0.91), 2u);
  EXPECT_EQ(percentile_bins(counts, 0.99), 2u);
  EXPECT_EQ(percentile_bins(counts, 1), 4u);
}

// 100,000 values spread over [0, 1] and one of 8. With T/127 between codes the error is about
// 100000 (T/127)^2 / 12 + (8 - T)^2, which is least at T = 5.3.
TEST(Mse, WeighsClippingAgainstRounding) {
  std::vector<float> values(100'001, 8);
  for (size_t i = 0; i < 100'000; ++i) values[i] = static_cast<float>(i) * 1e-5F;
  Histogram histogram(0, 8);
  histogram.add(values);
  EXPECT_NEAR(mse_threshold(histogram, [](double t) { return t / 127; }), 5.2, 0.2);
}

}  // namespace
}  // namespace twofour::quant
