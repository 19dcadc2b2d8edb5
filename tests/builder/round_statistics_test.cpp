#include "builder/round_statistics.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace twofour::builder {
namespace {

constexpr double kSliceUs = 8000;  // that another process runs before the scheduler takes it away

/// Rounds of contenders with these times, jittered; a `busy` fraction of the runs waits for other processes.
Rounds rounds_of(const std::vector<double>& times_us, size_t count, double jitter, double busy = 0) {
  Rng rng(7);
  Rounds rounds(times_us.size());
  for (size_t round = 0; round < count; ++round)
    for (size_t i = 0; i < times_us.size(); ++i) {
      const double noisy = times_us[i] * (1 + jitter * rng.normal());
      rounds[i].push_back(rng.uniform() < busy ? kSliceUs + noisy : noisy);
    }
  return rounds;
}

TEST(RoundStatistics, QuietRoundsTellContendersApart) {
  const Rounds rounds = rounds_of({100, 104, 300}, 15, 0.005);
  const auto us = believed_us(rounds);
  EXPECT_NEAR(us[0], 100, 1);
  EXPECT_NEAR(us[1], 104, 1);
  EXPECT_NEAR(us[2], 300, 3);
  EXPECT_TRUE(is_settled(rounds));
  EXPECT_FALSE(is_disturbed(rounds));
}

TEST(RoundStatistics, WhatNoiseHidesIsATie) {
  const Rounds rounds = rounds_of({101, 100, 300, 303}, 15, 0.1);
  const auto us = believed_us(rounds);
  EXPECT_EQ(us[0], us[1]);
  EXPECT_EQ(us[2], us[3]);
  EXPECT_GT(us[2], 2 * us[0]);
  EXPECT_FALSE(is_settled(rounds));
}

TEST(RoundStatistics, HalfTheRoundsMayBeDisturbed) {
  const Rounds rounds = rounds_of({130, 100}, 25, 0.01, 0.5);
  const auto us = believed_us(rounds);
  EXPECT_NEAR(us[1], 100, 3);
  EXPECT_LE(us[0], 133);
  EXPECT_FALSE(is_disturbed(rounds));
}

TEST(RoundStatistics, MoreIsNoticed) {
  EXPECT_TRUE(is_disturbed(rounds_of({130, 100}, 25, 0.01, 0.9)));
  EXPECT_FALSE(is_disturbed(rounds_of({2, 3}, 25, 0.3)));  // less than timers can tell
}

TEST(RoundStatistics, ARatioKnowsItsNoise) {
  const std::vector<double> ones(16, 1), twos(16, 2);
  EXPECT_EQ(ratio_of(twos, ones).median, 2);
  EXPECT_EQ(ratio_of(twos, ones).noise, 0);
  const Rounds few = rounds_of({100, 100}, 9, 0.05), many = rounds_of({100, 100}, 900, 0.05);
  EXPECT_NEAR(ratio_of(many[0], many[1]).median, 1, 0.01);
  // 2.46 * 0.05 * sqrt(2) / sqrt(n)
  EXPECT_NEAR(ratio_of(many[0], many[1]).noise, 0.0058, 0.001);
  EXPECT_GT(ratio_of(few[0], few[1]).noise, 0.02);
}

TEST(RoundStatistics, FewRoundsSettleOnlyWhatHasNoRival) {
  EXPECT_TRUE(is_settled({{5}}));
  const std::vector<double> fives(9, 5), nines(9, 9);
  EXPECT_TRUE(is_settled({fives, nines}));
  EXPECT_FALSE(is_settled({{fives.begin(), fives.end() - 1}, {nines.begin(), nines.end() - 1}}));
  EXPECT_EQ(believed_us({{5}, {4}}), (std::vector<double>{5, 4}));
}

}  // namespace
}  // namespace twofour::builder
