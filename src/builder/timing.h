// Timing of candidate kernels for one node.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/tactic.h"
#include "ops/domain.h"
#include "twofour/tuning.h"

namespace twofour::builder {

struct Contender {
  const backend::Tactic& tactic;
  const backend::NodeDesc& node;
  /// Constants come from memory in every run, as in a network whose weights do not fit the caches; otherwise
  /// they stay where the last run left them.
  bool cold_weights = false;
  /// Inputs that nobody reads afterwards: where the tactic works in place, an output takes their buffer.
  std::span<const size_t> dying = {};
  /// What the inputs that are not constant hold, one by one; empty: ops::undeclared().
  std::span<const ops::Domain> domains = {};

  /// The input whose buffer the output takes.
  std::optional<size_t> donor(size_t output) const;
  /// What its time depends on, as text: the key under which the timing cache keeps it.
  std::string key() const;
};

struct TimingEffort {
  size_t least_rounds = 3;
  size_t most_rounds = 25;
  double budget_us = 30e3;  // per contender
};
/// What the level (1 to 5) or the number of rounds ask for.
TimingEffort effort_of(const TuningOptions& tuning);

struct Timings {
  std::vector<double> us;             // believed_us() of the contenders; kFailedUs for those that threw
  std::vector<std::string> failures;  // what they threw; empty for the others
  bool disturbed = false;             // by other work on the machine: is_disturbed()
};
inline constexpr double kFailedUs = -1;

/// The contenders run in turn within each round, so that a slow phase of the machine hits all alike. Rounds
/// stop when they are settled or the total budget is spent, but not before the least, unless a few budgets
/// are gone. A contender whose first run is far slower than the fastest one's does not race and keeps that
/// time, and neither does a single one whose first run takes the budget. One that throws drops out.
Timings time_contenders(std::span<const Contender> contenders, const TimingEffort& effort);

}  // namespace twofour::builder
