#include "cli/wait_policy.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace twofour::cli {
namespace {

// About 40 us: longer than the waits inside a network on idle cores, and little beside a time slice.
constexpr const char* kSpinCount = "1000";

}  // namespace

void bound_waiting(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY")) return;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error || ::setenv("GOMP_SPINCOUNT", kSpinCount, 1) != 0) return;
  ::execv(program.c_str(), argv);
}

}  // namespace twofour::cli
