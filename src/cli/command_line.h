// What is checked of a command line beside the values of its options.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace twofour::cli {

/// "--flag=" and a value for a flag that takes none throw CLI::ValidationError. The first of `arguments` is
/// the subcommand.
void check_equal_signs(const CLI::App& app, const std::vector<std::string>& arguments);

/// A line for every option of the subcommand that takes one value and was given several: the last counts.
std::vector<std::string> notes_on_repeats(const CLI::App& app);

}  // namespace twofour::cli
