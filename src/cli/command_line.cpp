#include "cli/command_line.h"

#include <fmt/format.h>

namespace twofour::cli {
namespace {

const CLI::App* find_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return nullptr;
  const auto named =
      app.get_subcommands([&](const CLI::App* c) { return c->get_name() == arguments.front(); });
  return named.empty() ? nullptr : named.front();
}

}  // namespace

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

std::vector<std::string> notes_on_repeats(const CLI::App& app) {
  std::vector<std::string> notes;
  for (const CLI::App* command : app.get_subcommands())
    for (const CLI::Option* option : command->get_options())
      if (const size_t times = option->count(); option->get_items_expected_max() == 1 && times > 1)
        notes.push_back(fmt::format("{} was given {} times: the last one, {}, counts", option->get_name(),
                                    times, option->results().back()));
  return notes;
}

}  // namespace twofour::cli
