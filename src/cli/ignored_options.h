// Options that would have no effect are refused: a run does what its command line says.
#pragma once

#include <vector>

#include "cli/arguments.h"

namespace twofour::cli {

struct OptionUse {
  const char* option;
  bool used;
  const char* needs;  // what it belongs to: "--schedule=step"
};

/// Throws Error{kInvalidArgument} naming the first option that was given and is not used, and what it needs.
void refuse_ignored(const CLI::App& command, const std::vector<OptionUse>& options);

}  // namespace twofour::cli
