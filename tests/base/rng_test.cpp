#include "base/rng.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <set>
#include <vector>

namespace twofour {
namespace {

TEST(Rng, IsSplitMix64) {  // values of the reference implementation, prng.di.unimi.it/splitmix64.c
  Rng zero(0);
  EXPECT_EQ(zero.next(), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(zero.next(), 0x6e789e6aa1b965f4ULL);
  EXPECT_EQ(zero.next(), 0x06c45d188009454fULL);
  EXPECT_EQ(Rng(1234567).next(), 6457827717110365317ULL);
}

TEST(Rng, ResumesFromItsState) {
  Rng rng(7);
  for (int i = 0; i < 5; ++i) rng.normal();
  Rng resumed(rng.state());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(resumed.next(), rng.next());
}

TEST(Rng, StreamsDiffer) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 10; ++seed)
    for (uint64_t index = 0; index < 1000; ++index) first.insert(Rng::stream(seed, index).next());
  EXPECT_EQ(first.size(), 10000U);
  EXPECT_EQ(Rng::stream(3, 4).next(), Rng::stream(3, 4).next());
}

TEST(Rng, UniformStaysInItsRange) {
  Rng rng(1);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const float value = rng.uniform();
    ASSERT_GE(value, 0.0F);
    ASSERT_LT(value, 1.0F);
    sum += value;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);  // more than 5 standard errors
  const float value = rng.uniform(-3.0F, -2.0F);
  EXPECT_TRUE(value >= -3.0F && value <= -2.0F);
}

TEST(Rng, BelowReachesEveryValueEvenly) {
  Rng rng(2);
  std::array<int, 7> count{};
  for (int i = 0; i < 70000; ++i) ++count.at(rng.below(7));
  for (const int n : count) EXPECT_NEAR(n, 10000, 500);
  EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, NormalHasMeanZeroAndVarianceOne) {
  Rng rng(3);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = rng.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.02);
  EXPECT_NEAR(squares / 100000, 1, 0.03);
}

TEST(Rng, ShuffleIsAPermutationThatDependsOnTheSeed) {
  std::vector<int> sorted(100);
  std::iota(sorted.begin(), sorted.end(), 0);
  std::vector<int> a = sorted;
  std::vector<int> b = sorted;
  Rng(4).shuffle(a);
  Rng(5).shuffle(b);
  EXPECT_NE(a, sorted);
  EXPECT_NE(a, b);
  EXPECT_THAT(a, testing::UnorderedElementsAreArray(sorted));
  std::vector<int> empty;
  Rng(6).shuffle(empty);
  EXPECT_TRUE(empty.empty());
}

}  // namespace
}  // namespace twofour
