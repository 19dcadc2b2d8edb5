#include "cli/arguments.h"

#include <fmt/format.h>

#include <filesystem>

#include <CLI/CLI.hpp>

#include "cli/parse.h"
#include "twofour/engine.h"
#include "twofour/error.h"
#include "twofour/version.h"

namespace twofour::cli {
namespace {

template <typename T>
T number_within(const std::string& text, const Limits<T>& limits) {
  const std::string expected = fmt::format("\"{}\" is not a {}number from {} to {}", text,
                                           std::is_integral_v<T> ? "whole " : "", limits.least, limits.most);
  T value{};
  try {
    value = parse_number<T>(text);
  } catch (const Error&) {
    throw Error(ErrorCode::kInvalidArgument, expected);
  }
  if (value < limits.least || value > limits.most) throw Error(ErrorCode::kInvalidArgument, expected);
  return value;
}

}  // namespace

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::function<void(const CLI::App&)>& run) {
  CLI::App& command = *app.add_subcommand(name, description);
  command.callback([&command, run] { run(command); });
  add_version_flag(command);
  return command;
}

void add_version_flag(CLI::App& app) {
  app.set_version_flag("-v,--version", fmt::format("twofour {}", kVersion), "Print the version");
}

void start_group(CLI::App& command, const std::string& name) { command.option_defaults()->group(name); }

bool is_given(const CLI::App& command, const std::string& flag) { return command.count(flag) > 0; }

Argument Argument::required() const { return Argument(option_->required()); }
Argument Argument::excludes(Argument other) const { return Argument(option_->excludes(other.option_)); }
Argument Argument::optional_value() const { return Argument(option_->expected(0, 1)); }
Argument Argument::type_name(const std::string& name) const { return Argument(option_->type_name(name)); }
Argument Argument::default_text(const std::string& text) const {
  return Argument(option_->default_str(text));
}

Argument add_flag(CLI::App& command, const std::string& flag, bool& value, const std::string& description) {
  return Argument(command.add_flag(flag, value, description));
}

Argument add_flag(CLI::App& command, const std::string& flag, const std::string& description) {
  return Argument(command.add_flag(flag, description));
}

Argument add_text(CLI::App& command, const std::string& flag, std::string& text,
                  const std::string& description) {
  return Argument(command.add_option(flag, text, description));
}

Argument add_list(CLI::App& command, const std::string& flag, std::vector<std::string>& texts,
                  const std::string& description) {
  return Argument(command.add_option(flag, texts, description)->delimiter(','));
}

Argument add_parsed(CLI::App& command, const std::string& flag, std::function<void(const std::string&)> set,
                    const std::string& description) {
  const std::string name = flag.substr(0, flag.find(','));
  const std::function<void(const std::string&)> checked = [name, set = std::move(set)](const auto& text) {
    if (text.empty()) throw CLI::ValidationError(name, "it needs a value");
    try {
      set(text);
    } catch (const Error& error) {
      throw CLI::ValidationError(name, error.what());
    }
  };
  return Argument(command.add_option_function<std::string>(flag, checked, description));
}

Argument add_one_of(CLI::App& command, const std::string& flag, const std::vector<std::string>& names,
                    const std::string& present, const std::function<void(const std::string&)>& set,
                    const std::string& description) {
  return Argument(command.add_option_function<std::string>(flag, set, description)
                      ->check(CLI::IsMember(names))
                      ->default_str(present));
}

template <typename T>
Argument add_number(CLI::App& command, const std::string& flag, T& value,
                    std::type_identity_t<Limits<T>> limits, const std::string& description) {
  const auto set = [&value, limits](const std::string& text) { value = number_within<T>(text, limits); };
  return add_parsed(command, flag, set, description).default_text(fmt::format("{}", value)).type_name("N");
}

template Argument add_number(CLI::App&, const std::string&, int&, Limits<int>, const std::string&);
template Argument add_number(CLI::App&, const std::string&, int64_t&, Limits<int64_t>, const std::string&);
template Argument add_number(CLI::App&, const std::string&, uint32_t&, Limits<uint32_t>, const std::string&);
template Argument add_number(CLI::App&, const std::string&, uint64_t&, Limits<uint64_t>, const std::string&);
template Argument add_number(CLI::App&, const std::string&, double&, Limits<double>, const std::string&);

template <typename Path>
Argument add_path(CLI::App& command, const std::string& flag, Path& path, const std::string& description) {
  const auto set = [&path](const std::string& text) { path = text; };
  return add_parsed(command, flag, set, description).type_name("FILE");
}

template Argument add_path(CLI::App&, const std::string&, std::string&, const std::string&);
template Argument add_path(CLI::App&, const std::string&, std::filesystem::path&, const std::string&);

Argument add_threads_option(CLI::App& command, int& threads) {
  return add_number(command, "--threads", threads, {0, kMaxThreads},
                    "Of all kernels together; 0: as many as the cores and the CPU quota of the process");
}

}  // namespace twofour::cli
