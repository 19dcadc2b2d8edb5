#include "base/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace twofour {
namespace {

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

class ParallelRanges : public testing::TestWithParam<int> {
 protected:
  ParallelRanges() { set_max_threads(GetParam()); }
  ~ParallelRanges() override { set_max_threads(before_); }

  static Ranges ranges(int64_t n, int64_t grain) {
    std::mutex mutex;
    Ranges result;
    parallel_ranges(n, grain, [&](int64_t begin, int64_t end) {
      const std::lock_guard lock(mutex);
      result.emplace_back(begin, end);
    });
    std::sort(result.begin(), result.end());
    return result;
  }

  int before_ = max_threads();
};
INSTANTIATE_TEST_SUITE_P(Threads, ParallelRanges, testing::Values(1, 2, 3, 8));

TEST_P(ParallelRanges, CoverEveryItemOnce) {
  for (const int64_t n : {1, 2, 7, 8, 100, 1001}) {
    for (const int64_t grain : {0, 1, 3, 64, 2000}) {
      const Ranges result = ranges(n, grain);
      int64_t next = 0;
      for (const auto& [begin, end] : result) {
        EXPECT_EQ(begin, next);
        EXPECT_GE(end - begin, std::min(n, std::max<int64_t>(grain, 1)));
        next = end;
      }
      EXPECT_EQ(next, n);
      EXPECT_LE(result.size(), static_cast<size_t>(GetParam()));
    }
  }
}

TEST_P(ParallelRanges, UseAllThreadsWhenThereIsEnoughWork) {
  EXPECT_EQ(ranges(1000, 1).size(), static_cast<size_t>(GetParam()));
}

TEST_P(ParallelRanges, NothingToDoCallsNothing) {
  EXPECT_THAT(ranges(0, 1), testing::IsEmpty());
  EXPECT_THAT(ranges(-5, 1), testing::IsEmpty());
}

TEST_P(ParallelRanges, InsideAParallelRegionOneCallDoesAll) {
  std::vector<int> calls(8);
  std::vector<int64_t> items(8);
  parallel_ranges(8, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      parallel_ranges(100, 1, [&, at = static_cast<size_t>(i)](int64_t first, int64_t last) {
        ++calls[at];
        items[at] += last - first;
      });
  });
  EXPECT_THAT(items, testing::Each(100));
  EXPECT_THAT(calls, testing::Each(1));
}

TEST_P(ParallelRanges, WorkIsVisibleAfterwards) {
  std::vector<int> values(100003);
  for (int round = 1; round <= 3; ++round) {
    parallel_ranges(std::ssize(values), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++values[static_cast<size_t>(i)];
    });
    EXPECT_THAT(values, testing::Each(round));
  }
}

TEST(Parallel, EachItemOnceAndTheLowestErrorIsRethrown) {
  std::vector<int> calls(57);
  parallel_each(57, [&](int64_t i) { ++calls[static_cast<size_t>(i)]; });
  EXPECT_THAT(calls, testing::Each(1));
  try {
    parallel_each(40, [](int64_t i) {
      if (i % 10 == 7) throw std::runtime_error(std::to_string(i));
    });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "7");
  }
}

TEST(Parallel, ThereIsAlwaysOneThread) {
  const int before = max_threads();
  set_max_threads(0);
  EXPECT_EQ(max_threads(), 1);
  set_max_threads(before);
}

/// The cores that each thread of the calling thread's pool may use.
std::vector<std::set<int>> places() {
  std::vector<std::set<int>> result(static_cast<size_t>(max_threads()));
#pragma omp parallel
  {
    cpu_set_t cores;
    sched_getaffinity(0, sizeof cores, &cores);
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &cores)) result[static_cast<size_t>(omp_get_thread_num())].insert(core);
  }
  return result;
}

class PlacedThreads : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"})
      if (std::getenv(name)) GTEST_SKIP() << name << " is set";
    if (cores_ < 2) GTEST_SKIP() << "one core";
  }
  /// Workers of a pool that fills the cores, seen from a thread that may use all of them.
  void expect_each_has_its_own() const {
    const std::vector<std::set<int>> now = places();
    EXPECT_EQ(now[0].size(), static_cast<size_t>(cores_)) << "the calling thread stays free";
    std::set<int> taken;
    for (size_t worker = 1; worker < now.size(); ++worker) {
      EXPECT_EQ(now[worker].size(), 1U);
      EXPECT_TRUE(taken.insert(*now[worker].begin()).second) << "two workers on one core";
    }
  }
  const int cores_ = omp_get_num_procs();
};

TEST_F(PlacedThreads, EachWorkerHasACoreOfItsOwnWhileTheyFillTheCores) {
  std::thread([this] {
    set_max_threads(cores_);
    place_workers();
    expect_each_has_its_own();
    set_max_threads(cores_ + 1);
    place_workers();
    for (const std::set<int>& free : places()) EXPECT_EQ(free.size(), static_cast<size_t>(cores_));
  }).join();
}

TEST_F(PlacedThreads, TheCallerLeavesAWorkersCore) {
  std::thread([this] {
    set_max_threads(cores_);
    place_workers();
    const std::vector<std::set<int>> now = places();
    cpu_set_t workers, all;
    sched_getaffinity(0, sizeof all, &all);
    CPU_ZERO(&workers);
    CPU_SET(*now[1].begin(), &workers);
    sched_setaffinity(0, sizeof workers, &workers);
    sched_setaffinity(0, sizeof all, &all);  // free, but on the worker's core
    leave_workers_cores();
    EXPECT_FALSE(now[1].contains(sched_getcpu()));
    EXPECT_EQ(places()[0].size(), static_cast<size_t>(cores_));
  }).join();
}

TEST_F(PlacedThreads, ACallerThatPinsItselfKeepsItsCoreToItself) {
  std::thread([this] {
    set_max_threads(cores_);
    place_workers();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(*places()[0].begin(), &one);
    sched_setaffinity(0, sizeof one, &one);
    place_workers();
    const std::vector<std::set<int>> now = places();
    EXPECT_EQ(now[0].size(), 1U);
    for (size_t worker = 1; worker < now.size(); ++worker)
      EXPECT_EQ(now[worker].size(), static_cast<size_t>(cores_));
  }).join();
}

TEST(Threads, OfOthersRunOnEveryCore) {
  if (omp_get_num_places() == 0) GTEST_SKIP() << "OpenMP binds no threads: OMP_PROC_BIND is not set";
  cpu_set_t cores;
  std::thread([&] {
    unbind_thread();
    sched_getaffinity(0, sizeof cores, &cores);
  }).join();
  EXPECT_EQ(CPU_COUNT(&cores), omp_get_num_procs());  // whatever the CPU quota is
}

}  // namespace
}  // namespace twofour
