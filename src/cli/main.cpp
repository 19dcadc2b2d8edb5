#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/parse_error.h"
#include "twofour/error.h"
#include "twofour/version.h"

namespace twofour::cli {
namespace {

constexpr const char* kAbout =
    "twofour: from a trained dense network to a 2:4-sparse one that runs faster.\n"
    "`twofour COMMAND --help` explains a command.";

std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> result(argv + 1, argv + argc);
  if (program_name() == "trtexec") result.insert(result.begin(), "exec");
  return result;
}

int run(int argc, char** argv) {
  CLI::App app(kAbout, "twofour");
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("twofour {}", kVersion));
  app.get_formatter()->column_width(38);
  app.option_defaults()->take_last();
  app.parse_complete_callback([&app] {
    for (const std::string& line : notes_on_repeats(app)) note(line);
  });
  for (const auto add :
       {add_compare, add_demo, add_eval, add_exec, add_inspect, add_prune, add_train, add_zoo})
    add(app);
  set_up_console(argc, argv);
  std::vector<std::string> reversed = arguments(argc, argv);
  try {
    check_equal_signs(app, reversed);
    std::ranges::reverse(reversed);  // as CLI11 wants them
    app.parse(std::move(reversed));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    print_error(parse_error_text(app, error));
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace twofour::cli

int main(int argc, char** argv) {
  try {
    return twofour::cli::run(argc, argv);
  } catch (const twofour::Error& error) {
    twofour::cli::print_error(fmt::format("error ({}): {}", error_code_name(error.code()), error.what()));
  } catch (const std::exception& error) {
    twofour::cli::print_error(fmt::format("error: {}", error.what()));
  }
  return 1;
}
