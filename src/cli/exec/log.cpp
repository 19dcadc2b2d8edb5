#include "cli/exec/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/console.h"
#include "twofour/log.h"

namespace twofour::cli {
namespace {

bool show_verbose = false;

void print(char level, std::string_view source, std::string_view text) {
  const std::time_t now = std::time(nullptr);
  print_line(fmt::format("[{:%m/%d/%Y-%H:%M:%S}] [{}] {}{}", fmt::localtime(now), level, source, text));
}

void from_library(LogLevel level, std::string_view line) {
  if (level == LogLevel::kVerbose && !show_verbose) return;
  constexpr std::string_view kLevels = "VIWE";
  print(kLevels[static_cast<size_t>(level)], "[TRT] ", line);
}

void each_line(std::string_view lines, void (*print_one)(std::string_view)) {
  for (;;) {
    const size_t end = lines.find('\n');
    print_one(lines.substr(0, end));
    if (end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

}  // namespace

void log_as_trtexec(bool verbose) {
  show_verbose = verbose;
  set_log_sink(from_library);
}

void info(std::string_view line) { print('I', "", line); }
void warn(std::string_view line) { print('W', "", line); }
void verbose(std::string_view line) {
  if (show_verbose) print('V', "", line);
}
void info_lines(std::string_view lines) { each_line(lines, info); }
void verbose_lines(std::string_view lines) { each_line(lines, verbose); }

}  // namespace twofour::cli
