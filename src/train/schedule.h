// Learning-rate schedules: a pure function of the step, so that resuming needs nothing but the step number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace twofour::train {

/// kConstant: base_lr. kStep: base_lr * gamma^(milestones passed). kCosine: half a cosine from base_lr at the end of
/// the warm-up to final_lr at total_steps (SGDR without restarts, https://arxiv.org/abs/1608.03983).
enum class ScheduleKind : uint8_t { kConstant, kStep, kCosine };
std::string_view schedule_name(ScheduleKind kind);
/// "constant", "step", "cosine".
std::optional<ScheduleKind> schedule_from_name(std::string_view name);

struct Schedule {
  ScheduleKind kind = ScheduleKind::kConstant;
  int64_t total_steps = 0;          // kCosine; later steps stay at final_lr
  int64_t warmup_steps = 0;         // step s < warmup_steps has base_lr * (s + 1) / warmup_steps
  std::vector<int64_t> milestones;  // kStep, in steps, ascending
  double gamma = 0.1;               // kStep
  double final_lr = 0;              // kCosine
};

/// Throws Error{kInvalidArgument} naming the field: negative numbers, milestones out of order, a cosine whose
/// warm-up is not shorter than total_steps.
void check(const Schedule& schedule);

/// The learning rate of step `step` (the first is 0).
double learning_rate(const Schedule& schedule, double base_lr, int64_t step);

}  // namespace twofour::train
