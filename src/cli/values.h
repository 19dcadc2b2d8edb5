// Options whose values are checked as the command line is read: what does not fit is an error that names the
// flag, before anything runs.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <limits>
#include <string>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "cli/parse.h"

namespace twofour::cli {

/// `set` reads the value; twofour::Error that it throws becomes CLI::ValidationError with the flag. `flag`
/// may hold several names, "--infStreams,--streams".
CLI::Option* add_parsed(CLI::App& app, const std::string& flag, std::function<void(const std::string&)> set,
                        const std::string& description);

inline constexpr int64_t kMostClasses = 1'000'000;
inline constexpr int64_t kMostImages = 1'000'000'000;
inline constexpr int64_t kMostPixels = 32768;  // of a side
inline constexpr uint64_t kMostSeed = std::numeric_limits<uint64_t>::max();

/// "from 1 to 5".
template <typename T>
struct Limits {
  T least, most;
};

/// `value` is the default and receives the number. T as for parse_number().
template <typename T>
CLI::Option* add_number(CLI::App& app, const std::string& flag, T& value,
                        std::type_identity_t<Limits<T>> limits, const std::string& description);

/// A file or folder; an empty name is an error. Path is std::string or std::filesystem::path.
template <typename Path>
CLI::Option* add_path(CLI::App& app, const std::string& flag, Path& path, const std::string& description);

}  // namespace twofour::cli
