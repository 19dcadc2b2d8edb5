// What inference may know of a step's inputs before it runs.
#pragma once

#include <optional>

#include "engine/plan.h"
#include "ops/infer_alone.h"

namespace twofour::engine {

/// By input, none where it is absent: its type, and the data of a constant that is not packed.
std::vector<std::optional<ops::KnownInput>> known_inputs(const Plan& plan, const PlanStep& step,
                                                         std::span<const Tensor> sections);

}  // namespace twofour::engine
