#include <cstdlib>
#include <functional>
#include <thread>

#include "base/errors.h"
#include "base/parallel.h"
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

/// What `fn` returns in a thread of its own.
int in_other_thread(const std::function<int()>& fn) {
  int result = 0;
  std::thread([&] { result = fn(); }).join();
  return result;
}

TEST(SetThreads, EveryThreadHasItsOwnNumber) {
  const int before = set_threads(0);
  EXPECT_EQ(in_other_thread([&] { return set_threads(before + 1); }), before + 1);
  EXPECT_EQ(set_threads(0), before);
}

TEST(SetThreads, NoThreadHasMoreThanTheCoresUnlessItAsks) {
  if (std::getenv("OMP_NUM_THREADS")) GTEST_SKIP() << "OMP_NUM_THREADS is set";
  set_threads(0);
  EXPECT_EQ(in_other_thread([] {
              set_max_threads(num_cores() + 5);  // as OpenMP does under a CPU quota
              return set_threads(0);
            }),
            num_cores());
  EXPECT_EQ(in_other_thread([] { return set_threads(num_cores() + 5); }), num_cores() + 5);
}

TEST(SetThreads, RunsAreHeldToTheCores) {
  if (std::getenv("OMP_NUM_THREADS")) GTEST_SKIP() << "OMP_NUM_THREADS is set";
  const Engine engine =
      build_engine(Model::zoo("lenet"), {.shapes = {{"input", {1, 1, 28, 28}}}, .tuning = {.level = 0}})
          .engine;
  EXPECT_EQ(in_other_thread([&] {
              set_max_threads(num_cores() + 5);
              engine.context().run();
              return max_threads();
            }),
            num_cores());
}

}  // namespace
}  // namespace twofour
