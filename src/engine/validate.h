// Validation of a plan that came from a file: beyond the structural checks of plan_from_json, every step must
// be a node that its op's own inference accepts, with exactly the output sizes that the plan gives it.
#pragma once

#include "engine/plan.h"

namespace twofour::engine {

/// Throws Error{kDataCorrupt} naming the step.
void validate(const Plan& plan, std::span<const Tensor> sections);

}  // namespace twofour::engine
