// The option --threads.
#pragma once

#include <CLI/CLI.hpp>

namespace twofour::cli {

/// --threads=1..kMaxThreads into `threads`, for set_threads().
CLI::Option* add_threads_option(CLI::App& app, int& threads);

}  // namespace twofour::cli
