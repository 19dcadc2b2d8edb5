// Learning-rate schedules: a pure function of the step, so that resuming needs nothing but the step number.
#pragma once

#include <cstdint>

#include "twofour/train_options.h"

namespace twofour::train {

/// Throws Error{kInvalidArgument} naming the field: negative numbers, milestones out of order, a cosine whose
/// warm-up is not shorter than total_steps.
void check(const Schedule& schedule);

/// The learning rate of step `step` (the first is 0).
double learning_rate(const Schedule& schedule, double base_lr, int64_t step);

}  // namespace twofour::train
