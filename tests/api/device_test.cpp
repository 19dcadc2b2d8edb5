#include "base/errors.h"
#include "twofour/engine.h"

namespace twofour {
namespace {

TEST(SetThreads, HasALimit) {
  const int before = set_threads(0);
  EXPECT_EQ(set_threads(3), 3);
  EXPECT_EQ(set_threads(0), 3);
  EXPECT_ERROR(set_threads(-1), kInvalidArgument, "-1 threads: 1 to 1024 are expected");
  EXPECT_ERROR(set_threads(kMaxThreads + 1), kInvalidArgument, "1025 threads");
  EXPECT_EQ(set_threads(before), before);
}

}  // namespace
}  // namespace twofour
