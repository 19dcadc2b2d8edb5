#include "cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "twofour/log.h"

namespace twofour::cli {
namespace {

std::string& stored_command_line() {
  static std::string text;
  return text;
}

std::string& stored_program() {
  static std::string path;
  return path;
}

std::vector<std::string>& kept_notes() {
  static std::vector<std::string> notes;
  return notes;
}

void print_notes() {
  for (const std::string& line : std::exchange(kept_notes(), {})) fmt::print(stderr, "note: {}\n", line);
}

bool terminal() {
  static const bool is_terminal = isatty(STDERR_FILENO) != 0;
  return is_terminal;
}

void to_stderr(LogLevel level, std::string_view line) {
  if (level == LogLevel::kVerbose) return;
  fmt::print(stderr, "{}{}\n", level >= LogLevel::kWarning ? "warning: " : "", line);
}

}  // namespace

void set_up_console(int argc, char** argv) {
  if (argc > 0) stored_program() = argv[0];
  for (int i = 0; i < argc; ++i) stored_command_line() += (i ? " " : "") + std::string(argv[i]);
  set_log_sink(to_stderr);
}

const std::string& command_line() { return stored_command_line(); }
std::string program_name() { return std::filesystem::path(stored_program()).filename(); }

void note(std::string line) { kept_notes().push_back(std::move(line)); }

void print_line(std::string_view line) {
  print_notes();
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void print_error(std::string_view line) {
  print_notes();
  fmt::print(stderr, "twofour: {}\n", line);
}

void ProgressBar::update(int64_t done, int64_t total, std::string_view note) {
  using namespace std::chrono_literals;
  const auto now = std::chrono::steady_clock::now();
  if (!terminal() || (done < total && now - last_ < 80ms)) return;
  last_ = now;
  constexpr int kWidth = 28;
  const int filled = total > 0 ? static_cast<int>(kWidth * done / total) : 0;
  fmt::print(stderr, "\r\033[K{:<26} [{:#<{}}{:.<{}}] {}/{} {}", title_, "", filled, "", kWidth - filled,
             done, total, note);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::hide() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

void ProgressBar::finish(std::string_view line) {
  hide();
  print_line(line);
}

}  // namespace twofour::cli
