// Runs the current test once more in a process whose memory may not become executable, as systemd's
// MemoryDenyWriteExecute has it.
#pragma once

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace twofour::testing {

/// mprotect to anything executable fails with EACCES from now on, also in programs that this process becomes.
/// False where the system has no such filters.
inline bool forbid_code() {
  constexpr uint32_t kProt = offsetof(seccomp_data, args) + 2 * sizeof(uint64_t);  // the third argument
  std::array<sock_filter, 6> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kProt),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program = {.len = filter.size(), .filter = filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// The current test in a new process without code, whose environment has TWOFOUR_TEST_FILE = `file`. Fails
/// when that fails; skips where code cannot be forbidden.
inline void run_again_without_code(const std::string& file = "") {
  constexpr int kNoFilter = 77;
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string filter = std::string("--gtest_filter=") + info->test_suite_name() + "." + info->name();
  setenv("TWOFOUR_TEST_FILE", file.c_str(), 1);
  const pid_t child = fork();
  if (child == 0) {
    if (!forbid_code()) _exit(kNoFilter);
    execl("/proc/self/exe", "test", filter.c_str(), static_cast<char*>(nullptr));
    _exit(EXIT_FAILURE);
  }
  unsetenv("TWOFOUR_TEST_FILE");
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoFilter) GTEST_SKIP() << "code cannot be forbidden here";
  EXPECT_EQ(status, EXIT_SUCCESS) << "without code";
}

}  // namespace twofour::testing
