// Timing of candidate kernels for one node.
#pragma once

#include <span>
#include <vector>

#include "backend/tactic.h"

namespace twofour::builder {

struct Contender {
  const backend::Tactic& tactic;
  const backend::NodeDesc& node;
};

/// Median time of each contender in microseconds. The contenders run in turn within each round, so that a
/// slow phase of the machine hits all alike. Rounds stop when the total budget is spent, but not before the
/// third.
std::vector<double> time_contenders(std::span<const Contender> contenders);

}  // namespace twofour::builder
