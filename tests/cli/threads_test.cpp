// What the OpenMP pool of the `twofour` process was started with.
#include "base/parallel.h"
#include "commands.h"

namespace twofour {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kExec = "exec --onnx=missing.onnx";

/// `twofour` with these arguments and settings, and the pool's own account of its environment: the last one
/// is that of the process that did the work.
std::string environment_with(const std::string& settings, const std::string& arguments) {
  const std::string output =
      testing::run_program(
          "env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT -u OMP_PROC_BIND -u OMP_NUM_THREADS "
          "OMP_DISPLAY_ENV=verbose " +
          settings + " " + TWOFOUR_PROGRAM + " " + arguments)
          .output;
  const size_t last = output.rfind("OPENMP DISPLAY ENVIRONMENT BEGIN");
  return last == std::string::npos ? output : output.substr(last);
}

TEST(ProgramThreads, WaitingIsBoundedUnlessTheUserChose) {
  const std::string usual = environment_with("", kExec);
  EXPECT_THAT(usual, HasSubstr("missing.onnx"));
  if (usual.find("GOMP_SPINCOUNT") == std::string::npos) GTEST_SKIP() << "not GCC's OpenMP";
  EXPECT_THAT(usual, HasSubstr("GOMP_SPINCOUNT = '1000'"));
  EXPECT_THAT(environment_with("GOMP_SPINCOUNT=77", kExec), HasSubstr("GOMP_SPINCOUNT = '77'"));
  EXPECT_THAT(environment_with("OMP_WAIT_POLICY=passive", kExec), HasSubstr("GOMP_SPINCOUNT = '0'"));
  EXPECT_THAT(environment_with("OMP_WAIT_POLICY=active", kExec), Not(HasSubstr("GOMP_SPINCOUNT = '1000'")));
}

TEST(ProgramThreads, AreBoundWhenOneEngineFillsTheCores) {
  const int cores = omp_get_num_procs();  // of the affinity mask, whatever the CPU quota is
  if (cores < 2) GTEST_SKIP() << "one core";
  const std::string binding = "OMP_PROC_BIND = 'TRUE'";
  const auto bound = HasSubstr(binding);
  const std::string filled = fmt::format("{} --threads={}", kExec, cores);
  EXPECT_THAT(environment_with("", filled), bound);
  EXPECT_THAT(environment_with("", filled + " --streams=2"), Not(bound));
  EXPECT_THAT(environment_with("OMP_PROC_BIND=false", filled), Not(bound));
  EXPECT_THAT(environment_with("", std::string(kExec) + " --threads=1"), Not(bound));
  EXPECT_THAT(environment_with("OMP_NUM_THREADS=1", kExec), Not(bound));
  EXPECT_EQ(environment_with("", kExec).find(binding) != std::string::npos, num_cores() == cores);
}

TEST(ProgramThreads, TheSecondStartKeepsTheArguments) {
  const auto run = testing::run_program(std::string(TWOFOUR_PROGRAM) + " exec '--onnx=no such  file'");
  EXPECT_THAT(run.output, HasSubstr("no such  file"));
  EXPECT_NE(run.status, 0);
}

}  // namespace
}  // namespace twofour
