// The command line of `twofour`.
#pragma once

#include <string>
#include <vector>

namespace twofour::cli {

/// Reads `arguments`, the first of which is the subcommand, and runs it; or prints help. Returns the exit
/// code: 2, after one line that says what is wrong, when they cannot be read. Throws what the subcommand
/// throws.
int run_command_line(std::vector<std::string> arguments);

}  // namespace twofour::cli
