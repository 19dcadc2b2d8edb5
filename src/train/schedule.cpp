#include "train/schedule.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace twofour::train {
namespace {

double cosine(const Schedule& schedule, double base_lr, int64_t step) {
  const auto span = static_cast<double>(schedule.total_steps - schedule.warmup_steps);
  const double done = std::min(static_cast<double>(step - schedule.warmup_steps) / span, 1.0);
  return schedule.final_lr + (base_lr - schedule.final_lr) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace

void check(const Schedule& schedule) {
  TWOFOUR_CHECK(schedule.warmup_steps >= 0, kInvalidArgument,
                "[schedule] warmup_steps is {}, expected 0 or more", schedule.warmup_steps);
  TWOFOUR_CHECK(std::isfinite(schedule.gamma) && schedule.gamma > 0, kInvalidArgument,
                "[schedule] gamma is {}, expected a positive number", schedule.gamma);
  TWOFOUR_CHECK(std::isfinite(schedule.final_lr) && schedule.final_lr >= 0, kInvalidArgument,
                "[schedule] final_lr is {}, expected 0 or more", schedule.final_lr);
  TWOFOUR_CHECK(std::ranges::is_sorted(schedule.milestones), kInvalidArgument,
                "[schedule] milestones {} are not in ascending order (steps here; --milestones are epochs)",
                fmt::join(schedule.milestones, ","));
  TWOFOUR_CHECK(schedule.kind != ScheduleKind::kCosine || schedule.total_steps > schedule.warmup_steps,
                kInvalidArgument,
                "[schedule] a cosine needs total_steps ({}) greater than warmup_steps ({}): --epochs above "
                "--warmup_epochs",
                schedule.total_steps, schedule.warmup_steps);
}

double learning_rate(const Schedule& schedule, double base_lr, int64_t step) {
  if (step < schedule.warmup_steps)
    return base_lr * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  switch (schedule.kind) {
    case ScheduleKind::kConstant: break;
    case ScheduleKind::kCosine: return cosine(schedule, base_lr, step);
    case ScheduleKind::kStep: {
      const auto passed = std::ranges::upper_bound(schedule.milestones, step) - schedule.milestones.begin();
      return base_lr * std::pow(schedule.gamma, static_cast<double>(passed));
    }
  }
  return base_lr;
}

}  // namespace twofour::train
