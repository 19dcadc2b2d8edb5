#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/console.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> result(argv + 1, argv + argc);
  if (program_name() == "trtexec") result.insert(result.begin(), "exec");
  return result;
}

int run(int argc, char** argv) {
  set_up_console(argc, argv);
  return run_command_line(arguments(argc, argv));
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
