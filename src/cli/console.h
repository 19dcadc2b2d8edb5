// What commands say: plain lines, warnings of the library, and a progress bar when a person watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace twofour::cli {

/// Sends the library's log lines to stderr; remembers the command line.
void set_up_console(int argc, char** argv);
/// The command as it was typed.
const std::string& command_line();
/// What the binary was called as, without folders: "twofour", or "trtexec" through a link.
std::string program_name();

/// Keeps a line for stderr that comes before the next of these two: a command may start its process anew
/// before it has said anything (threads.h).
void note(std::string line);
void print_line(std::string_view line);
void print_error(std::string_view line);

/// On a terminal one line that is drawn again and again; elsewhere nothing until finish() prints the summary.
class ProgressBar {
 public:
  explicit ProgressBar(std::string title) : title_(std::move(title)) {}
  ~ProgressBar() { hide(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(int64_t done, int64_t total, std::string_view note = {});
  /// Removes the bar; the next update() draws it again.
  void hide();
  /// Removes the bar and prints `line`.
  void finish(std::string_view line);

 private:
  std::string title_;
  std::chrono::steady_clock::time_point last_{};
  bool drawn_ = false;
};

}  // namespace twofour::cli
