// One line for each way in which a command line can be wrong.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace twofour::cli {

/// What is wrong; for an unknown flag or command with what was probably meant.
std::string parse_error_text(const CLI::App& app, const CLI::ParseError& error);

}  // namespace twofour::cli
