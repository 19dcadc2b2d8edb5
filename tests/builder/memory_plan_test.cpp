#include "builder/memory_plan.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace twofour::builder {
namespace {

TEST(MemoryPlan, BuffersThatDoNotMeetShare) {
  const MemoryPlan plan = plan_memory({{1000, 0, 1}, {1000, 2, 3}, {64, 1, 2}});
  EXPECT_EQ(plan.offsets[0], plan.offsets[1]);
  EXPECT_EQ(plan.arena_bytes, 1024u + 64u);
  EXPECT_EQ(plan.lower_bound_bytes, plan.arena_bytes);
}

TEST(MemoryPlan, EmptyPlan) { EXPECT_EQ(plan_memory({}).arena_bytes, 0u); }

TEST(MemoryPlan, RandomLifetimesNeverOverlap) {
  Rng rng(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> buffers;
    for (int i = 0; i < 60; ++i) {
      const size_t first = rng.below(40);
      buffers.push_back({1 + rng.below(5000), first, first + rng.below(8)});
    }
    const MemoryPlan plan = plan_memory(buffers);
    EXPECT_GE(plan.arena_bytes, plan.lower_bound_bytes);
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(plan.offsets[i] % 64, 0u);
      EXPECT_LE(plan.offsets[i] + buffers[i].size_bytes, plan.arena_bytes);
      for (size_t j = 0; j < i; ++j) {
        const bool together = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
        const bool apart = plan.offsets[i] + buffers[i].size_bytes <= plan.offsets[j] ||
                           plan.offsets[j] + buffers[j].size_bytes <= plan.offsets[i];
        EXPECT_TRUE(!together || apart);
      }
    }
  }
}

}  // namespace
}  // namespace twofour::builder
