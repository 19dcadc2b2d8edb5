// Running the engine of `twofour exec`: inputs, the timed loop, the profile, and what is written about them.
#pragma once

#include "cli/exec/options.h"

namespace twofour::cli {

/// Throws Error on inputs that do not fit and options without meaning, before anything runs.
void run_inference(const ExecOptions& options, const Engine& engine);

}  // namespace twofour::cli
