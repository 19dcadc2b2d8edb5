#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/suggest.h"

namespace twofour::cli {
namespace {

constexpr const char* kAbout =
    "twofour: from a trained dense network to a 2:4-sparse one that runs faster.\n"
    "`twofour COMMAND --help` explains a command.";

const CLI::App* find_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return nullptr;
  const auto named =
      app.get_subcommands([&](const CLI::App* c) { return c->get_name() == arguments.front(); });
  return named.empty() ? nullptr : named.front();
}

/// "--flag=" and a value for a flag that takes none throw CLI::ValidationError.
void check_equal_signs(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* command = find_command(app, arguments);
  if (!command) return;
  for (const std::string& argument : arguments) {
    if (argument == "--") return;
    const size_t equal = argument.find('=');
    if (!argument.starts_with("--") || equal == std::string::npos) continue;
    const std::string flag = argument.substr(0, equal);
    const CLI::Option* option = command->get_option_no_throw(flag);
    if (!option) continue;
    if (option->get_items_expected_max() == 0) throw CLI::ValidationError(flag, "it takes no value");
    if (equal + 1 == argument.size()) throw CLI::ValidationError(flag, "it needs a value after \"=\"");
  }
}

/// A line for every option of the subcommand that takes one value and was given several: the last counts.
std::vector<std::string> notes_on_repeats(const CLI::App& app) {
  std::vector<std::string> notes;
  for (const CLI::App* command : app.get_subcommands())
    for (const CLI::Option* option : command->get_options())
      if (const size_t times = option->count(); option->get_items_expected_max() == 1 && times > 1)
        notes.push_back(fmt::format("{} was given {} times: the last one, {}, counts", option->get_name(),
                                    times, option->results().back()));
  return notes;
}

std::string ask(const std::string& meant) {
  return meant.empty() ? "" : fmt::format("; did you mean {}?", meant);
}

/// Without those that --help does not show: they are refused or have no effect.
std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    if (!option->get_group().empty())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string unknown(const CLI::App& command, const std::string& argument) {
  const std::string prefix = command.get_parent() ? command.get_name() + ": " : "";
  if (!argument.starts_with("-")) return fmt::format("{}unexpected argument \"{}\"", prefix, argument);
  const std::string flag = argument.substr(0, argument.find('='));
  return fmt::format("{}unknown flag {}{}", prefix, flag, ask(closest(flag, flags_of(command))));
}

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

/// What is wrong; for an unknown flag or command with what was probably meant.
std::string parse_error_text(const CLI::App& app, const CLI::ParseError& error) {
  for (const CLI::App* command : app.get_subcommands())
    if (const auto rest = command->remaining(); !rest.empty()) return unknown(*command, rest.front());
  if (const auto rest = app.remaining(); !rest.empty() && app.get_subcommands().empty())
    return rest.front().starts_with("-") ? unknown(app, rest.front())
                                         : fmt::format("unknown command \"{}\"{}", rest.front(),
                                                       ask(closest(rest.front(), commands_of(app))));
  return one_line(error.what());
}

/// "help" is --help, and "help COMMAND" is "COMMAND --help".
std::vector<std::string> with_help_flag(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments.front() != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.insert(arguments.begin() + (arguments.empty() ? 0 : 1), "--help");
  return arguments;
}

void set_up(CLI::App& app) {
  app.require_subcommand(1);
  add_version_flag(app);
  app.get_formatter()->column_width(38);
  app.option_defaults()->take_last();
  app.parse_complete_callback([&app] {
    for (const std::string& line : notes_on_repeats(app)) note(line);
  });
  for (const auto add :
       {add_compare, add_demo, add_eval, add_exec, add_inspect, add_prune, add_quantize, add_train, add_zoo})
    add(app);
}

}  // namespace

int run_command_line(std::vector<std::string> arguments) {
  CLI::App app(kAbout, "twofour");
  set_up(app);
  arguments = with_help_flag(std::move(arguments));
  try {
    check_equal_signs(app, arguments);
    std::ranges::reverse(arguments);  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    print_error(parse_error_text(app, error));
    return 2;
  }
  return 0;
}

}  // namespace twofour::cli
