#include "cli/threads.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "twofour/engine.h"

namespace twofour::cli {
namespace {

// About 40 us: longer than the waits inside a network on idle cores, and little beside a time slice.
constexpr const char* kSpinCount = "1000";

/// Sets a variable unless one of `choices` is set. Returns whether it did.
bool set_default(const char* name, const char* value, std::initializer_list<const char*> choices) {
  const bool chosen = std::ranges::any_of(choices, [](const char* choice) { return std::getenv(choice); });
  return !chosen && ::setenv(name, value, 1) == 0;
}

int num_allowed_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

void start_again() {
  std::vector<std::string> arguments = own_arguments();
  if (arguments.empty()) return;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());  // returns where it is not possible: then as it was started
}

}  // namespace

Argument add_threads_option(CLI::App& app, int& threads) {
  return add_number(app, "--threads", threads, {1, kMaxThreads},
                    "Threads of the kernels; default: the cores and the CPU quota that the process has")
      .default_text("");
}

int use_threads(int threads, int contexts) {
  const bool fills_cores = (threads > 0 ? threads : set_threads(0)) == num_allowed_cores() && contexts == 1;
  bool fresh = set_default("GOMP_SPINCOUNT", kSpinCount, {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"});
  if (fills_cores)
    fresh |= set_default("OMP_PROC_BIND", "true", {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"});
  if (fresh) start_again();
  return set_threads(threads);
}

}  // namespace twofour::cli
