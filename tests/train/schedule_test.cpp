#include "train/schedule.h"

#include <gmock/gmock.h>

#include <numbers>

#include "base/errors.h"

namespace twofour::train {
namespace {

using testing::HasSubstr;

TEST(Schedule, WarmsUpLinearly) {
  const Schedule schedule{.warmup_steps = 4};
  const double expected[] = {0.1, 0.2, 0.3, 0.4, 0.4, 0.4};
  for (int64_t step = 0; step < 6; ++step)
    EXPECT_NEAR(learning_rate(schedule, 0.4, step), expected[step], 1e-12);
}

TEST(Schedule, StepsAtMilestones) {
  const Schedule schedule{.kind = ScheduleKind::kStep, .milestones = {3, 5}, .gamma = 0.1};
  const double expected[] = {1, 1, 1, 0.1, 0.1, 0.01, 0.01};
  for (int64_t step = 0; step < 7; ++step)
    EXPECT_NEAR(learning_rate(schedule, 1, step), expected[step], 1e-12);
}

TEST(Schedule, CosineFallsFromTheWarmUpToTheFinalRate) {
  const Schedule schedule{
      .kind = ScheduleKind::kCosine, .total_steps = 12, .warmup_steps = 2, .final_lr = 0.2};
  EXPECT_NEAR(learning_rate(schedule, 1, 0), 0.5, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1, 2), 1, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1, 7), 0.6, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1, 4), 0.2 + 0.8 * 0.5 * (1 + std::cos(std::numbers::pi * 0.2)), 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1, 12), 0.2, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1, 1000), 0.2, 1e-12);
}

struct Bad {
  Schedule schedule;
  const char* text;
};
TEST(Schedule, RefusesWhatMakesNoSense) {
  const Bad bad[] = {
      {{.warmup_steps = -1}, "warmup_steps is -1"},
      {{.kind = ScheduleKind::kStep, .milestones = {5, 3}}, "milestones 5,3"},
      {{.kind = ScheduleKind::kStep, .gamma = 0}, "gamma is 0"},
      {{.kind = ScheduleKind::kCosine, .total_steps = 5, .warmup_steps = 5}, "total_steps (5)"},
      {{.kind = ScheduleKind::kCosine, .total_steps = 5, .final_lr = -1}, "final_lr is -1"}};
  for (const Bad& b : bad) {
    EXPECT_ERROR(check(b.schedule), kInvalidArgument, b.text);
  }
}

}  // namespace
}  // namespace twofour::train
