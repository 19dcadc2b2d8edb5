#include "cli/parse_error.h"

#include <fmt/format.h>

#include "cli/suggest.h"

namespace twofour::cli {
namespace {

std::string ask(const std::string& meant) {
  return meant.empty() ? "" : fmt::format("; did you mean {}?", meant);
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
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

}  // namespace

std::string parse_error_text(const CLI::App& app, const CLI::ParseError& error) {
  for (const CLI::App* command : app.get_subcommands())
    if (const auto rest = command->remaining(); !rest.empty()) return unknown(*command, rest.front());
  if (const auto rest = app.remaining(); !rest.empty() && app.get_subcommands().empty())
    return rest.front().starts_with("-") ? unknown(app, rest.front())
                                         : fmt::format("unknown command \"{}\"{}", rest.front(),
                                                       ask(closest(rest.front(), commands_of(app))));
  return one_line(error.what());
}

}  // namespace twofour::cli
