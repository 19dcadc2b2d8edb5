// Whether a plan's steps can run in their order in the memory that the plan gives them.
#pragma once

#include "engine/plan.h"

namespace twofour::engine {

/// Every tensor is written by one step before others read it, and nothing that is still to be read is written
/// over: tensors alive together do not overlap in the arena, and an input is not read after an output has
/// taken its buffer. A step may write over an input that it is the last to read when its tactic works in
/// place. Throws Error{kDataCorrupt} naming step and tensors.
void check_memory(const Plan& plan, std::span<const Tensor> sections, const backend::Backend& backend);

}  // namespace twofour::engine
