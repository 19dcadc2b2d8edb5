// Finished engines that run in turn, on the same plausible inputs, until it is known which are faster.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "builder/built.h"

namespace twofour::builder {

class Competitor {
 public:
  Competitor(const Built& built, const backend::Backend& backend);
  double run_us();

 private:
  std::unique_ptr<engine::ExecutionContext> context_;
};

/// How one did against the first.
struct Standing {
  double us = -1;      // lower quartile
  double speedup = 1;  // median over rounds of the first one's time / its own
  bool won = false;    // by more than the noise and options.noise_fraction
};

/// One for each competitor. Until all have clearly won or lost, or the time that options.tuning allows is
/// spent. Throws what networks throw on such inputs.
std::vector<Standing> race(std::span<Competitor* const> competitors, const Options& options);

/// Throws Error{kResourceExhausted} when engines of these reports would take more than half of the memory.
void check_memory(std::span<const BuildReport* const> reports);

}  // namespace twofour::builder
