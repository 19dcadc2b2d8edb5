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
  if (num_cores() < 2) GTEST_SKIP() << "one core";
  const auto bound = HasSubstr("OMP_PROC_BIND = 'TRUE'");
  EXPECT_THAT(environment_with("", kExec), bound);
  EXPECT_THAT(environment_with("", std::string(kExec) + " --threads=" + std::to_string(num_cores())), bound);
  EXPECT_THAT(environment_with("", std::string(kExec) + " --threads=1"), Not(bound));
  EXPECT_THAT(environment_with("", std::string(kExec) + " --streams=2"), Not(bound));
  EXPECT_THAT(environment_with("OMP_PROC_BIND=false", kExec), Not(bound));
  EXPECT_THAT(environment_with("OMP_NUM_THREADS=1", kExec), Not(bound));
}

TEST(ProgramThreads, TheSecondStartKeepsTheArguments) {
  const auto run = testing::run_program(std::string(TWOFOUR_PROGRAM) + " exec '--onnx=no such  file'");
  EXPECT_THAT(run.output, HasSubstr("no such  file"));
  EXPECT_NE(run.status, 0);
}

}  // namespace
}  // namespace twofour
