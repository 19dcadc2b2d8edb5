#include "line_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>

#include "base/error.h"

namespace twofour {
namespace {

/// {read end, write end}, both closed in programs that are started later.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  TWOFOUR_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0, kIo, "cannot make a pipe");
  return ends;
}

}  // namespace

LineProcess::LineProcess(const std::vector<std::string>& arguments) : name_(arguments.at(0)) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto [child_stdin, to_child] = make_pipe();
  const auto [from_child, child_stdout] = make_pipe();
  in_ = ::fdopen(from_child, "r");
  out_ = ::fdopen(to_child, "w");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, child_stdin, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, child_stdout, STDOUT_FILENO);
  const int error = ::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(child_stdin);
  ::close(child_stdout);
  if (error != 0) pid_ = -1;
}

LineProcess::~LineProcess() {
  std::fclose(out_);
  std::fclose(in_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

void LineProcess::write_line(const std::string& line) {
  std::fputs((line + '\n').c_str(), out_);
  std::fflush(out_);
}

std::string LineProcess::read_line() {
  std::string line;
  for (int c; (c = std::fgetc(in_)) != '\n'; line += static_cast<char>(c))
    TWOFOUR_CHECK(c != EOF, kIo, "{} has ended", name_);
  return line;
}

double LineProcess::cpu_s() const {
  clockid_t clock{};
  timespec time{};
  TWOFOUR_CHECK(::clock_getcpuclockid(pid_, &clock) == 0 && ::clock_gettime(clock, &time) == 0, kIo,
                "cannot read the processor time of {}", name_);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace twofour
