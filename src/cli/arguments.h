// Subcommands and what they take: options, flags and arguments, whose values are checked as the command line
// is read. What does not fit is an error that names the flag, before anything runs. CLI11 takes seconds to
// compile: only arguments.cpp, command_line.cpp and exec/help.cpp include it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace twofour::cli {

/// The options that are added to the result are its own. `run` gets it when the command line has been read.
CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::function<void(const CLI::App& command)>& run);
/// -v and --version.
void add_version_flag(CLI::App& app);
/// The heading under which --help shows what is added from now on; what is in "" it does not show.
void start_group(CLI::App& command, const std::string& name);
bool is_given(const CLI::App& command, const std::string& flag);

/// What was added, to say more of it.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}
  Argument required() const;
  Argument excludes(Argument other) const;
  /// It may come without a value.
  Argument optional_value() const;
  /// What --help calls the value, and what it says is taken without one.
  Argument type_name(const std::string& name) const;
  Argument default_text(const std::string& text) const;

 private:
  CLI::Option* option_;
};

// `flag` may hold several names, "--infStreams,--streams"; without dashes it is a place in the command line.

/// Sets `value` when it is given.
Argument add_flag(CLI::App& command, const std::string& flag, bool& value, const std::string& description);
/// One that only is_given() knows.
Argument add_flag(CLI::App& command, const std::string& flag, const std::string& description);
Argument add_text(CLI::App& command, const std::string& flag, std::string& text,
                  const std::string& description);
/// "a,b,c".
Argument add_list(CLI::App& command, const std::string& flag, std::vector<std::string>& texts,
                  const std::string& description);
/// `set` reads the value, which is not empty; twofour::Error that it throws becomes one of the command line.
Argument add_parsed(CLI::App& command, const std::string& flag, std::function<void(const std::string&)> set,
                    const std::string& description);
/// `set` gets one of `names`; `present` is the default.
Argument add_one_of(CLI::App& command, const std::string& flag, const std::vector<std::string>& names,
                    const std::string& present, const std::function<void(const std::string&)>& set,
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

/// `value` is the default and receives the number. T is int, int64_t, uint32_t, uint64_t or double.
template <typename T>
Argument add_number(CLI::App& command, const std::string& flag, T& value,
                    std::type_identity_t<Limits<T>> limits, const std::string& description);

/// --threads=0..kMaxThreads, for set_threads().
Argument add_threads_option(CLI::App& command, int& threads);

/// A file or folder; an empty name is an error. Path is std::string or std::filesystem::path.
template <typename Path>
Argument add_path(CLI::App& command, const std::string& flag, Path& path, const std::string& description);

}  // namespace twofour::cli
