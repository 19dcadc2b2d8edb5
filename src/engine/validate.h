// Validation of a plan that came from a file: beyond the structural checks of plan_from_json, every step must
// be a node that its op's own inference accepts, with exactly the output sizes that the plan gives it, and
// the steps must not spoil each other's memory. That the tactics run their steps is for Tactic::create to
// check.
#pragma once

#include "engine/plan.h"

namespace twofour::engine {

/// Throws Error{kDataCorrupt} naming the step or tensor.
void validate(const Plan& plan, std::span<const Tensor> sections, const backend::Backend& backend);

}  // namespace twofour::engine
