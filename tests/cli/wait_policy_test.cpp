// What the OpenMP pool of the `twofour` process was started with.
#include "commands.h"

namespace twofour {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// `twofour --version` with these settings, and the pool's own account of its environment.
std::string environment_with(const std::string& settings) {
  return testing::run_program("env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT OMP_DISPLAY_ENV=verbose " + settings +
                              " " + TWOFOUR_PROGRAM + " --version")
      .output;
}

TEST(WaitPolicy, IsBoundedUnlessTheUserChose) {
  const std::string usual = environment_with("");
  EXPECT_THAT(usual, HasSubstr("\ntwofour "));
  if (usual.find("GOMP_SPINCOUNT") == std::string::npos) GTEST_SKIP() << "not GCC's OpenMP";
  EXPECT_THAT(usual, HasSubstr("GOMP_SPINCOUNT = '1000'"));
  EXPECT_THAT(environment_with("GOMP_SPINCOUNT=77"), HasSubstr("GOMP_SPINCOUNT = '77'"));
  EXPECT_THAT(environment_with("OMP_WAIT_POLICY=passive"), HasSubstr("GOMP_SPINCOUNT = '0'"));
  EXPECT_THAT(environment_with("OMP_WAIT_POLICY=active"), Not(HasSubstr("GOMP_SPINCOUNT = '1000'")));
}

}  // namespace
}  // namespace twofour
