// Running the engine of `twofour exec`: inputs, the timed loop, the profile, and what is written about them.
#pragma once

#include <optional>

#include "cli/exec/options.h"
#include "cli/exec/profile.h"
#include "cli/exec/summary.h"

namespace twofour::cli {

struct RunResult {
  std::vector<LogLine> performance;
  std::optional<Profile> profile;  // when a flag asks for it
};

/// `timing_only`: every block of times says so. Throws Error on inputs that do not fit and options without
/// meaning, before anything runs.
RunResult run_inference(const ExecOptions& options, const Engine& engine, bool timing_only);

}  // namespace twofour::cli
