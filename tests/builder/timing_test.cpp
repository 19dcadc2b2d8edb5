// What is timed: constants in the caches or in memory, outputs in the buffer of an input; and how often.
#include "builder/timing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/busy.h"

namespace twofour::builder {
namespace {

using backend::KernelArgs;
using backend::NodeDesc;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

/// dst = a + weight, noting where it was asked to write and what it read there. Takes `time` at least.
class AddTactic final : public backend::Tactic {
 public:
  explicit AddTactic(std::chrono::milliseconds time = {}) : Tactic("test.add"), time_(time) {}
  backend::Support supports(const NodeDesc&) const override { return backend::supported(); }
  bool in_place(const NodeDesc&, size_t input, size_t) const override { return input == 0; }

  struct Run {
    bool shares_buffer;
    float first;
  };
  mutable std::vector<Run> runs;

 protected:
  class AddKernel final : public backend::Kernel {
   public:
    AddKernel(std::vector<Run>& runs, std::chrono::milliseconds time) : runs_(runs), time_(time) {}
    void run(const KernelArgs& args) const override {
      testing::stay_busy(time_);
      const float* a = args.in<float>(0);
      runs_.push_back({a == args.out<float>(), a[0]});
      for (int i = 0; i < 8; ++i) args.out<float>()[i] = a[i] + args.in<float>(1)[i];
    }

   private:
    std::vector<Run>& runs_;
    std::chrono::milliseconds time_;
  };
  std::unique_ptr<backend::Kernel> make(const NodeDesc&, std::span<const Tensor>) const override {
    return std::make_unique<AddKernel>(runs, time_);
  }

 private:
  std::chrono::milliseconds time_;
};

NodeDesc addition() {
  const backend::TensorDesc desc{DType::kF32, {8}};
  Tensor weight(DType::kF32, {8});
  std::ranges::fill(weight.span<float>(), 1.0F);
  return {"add", "Add", {}, {{true, false, desc, {}}, {true, true, desc, weight}}, {desc}};
}

TEST(Timing, InputsThatDieAreOverwrittenAndFreshInEveryRun) {
  const AddTactic tactic;
  const NodeDesc node = addition();
  const std::array<size_t, 1> dying = {0};
  const Contender contender{.tactic = tactic, .node = node, .dying = dying};
  EXPECT_EQ(contender.donor(0), 0U);
  time_contenders({&contender, 1}, {.least_rounds = 4, .most_rounds = 4, .budget_us = 0});
  ASSERT_GE(tactic.runs.size(), 4U);
  for (const AddTactic::Run& run : tactic.runs) {
    EXPECT_TRUE(run.shares_buffer);
    EXPECT_EQ(run.first, tactic.runs[0].first);
  }
}

TEST(Timing, InputsThatLiveOnAreNot) {
  const AddTactic tactic;
  const NodeDesc node = addition();
  const std::array<size_t, 1> dying = {1};
  for (const Contender& contender : {Contender{tactic, node}, Contender{tactic, node, false, dying}}) {
    EXPECT_EQ(contender.donor(0), std::nullopt);
    time_contenders({&contender, 1}, {.least_rounds = 1, .most_rounds = 1, .budget_us = 0});
    EXPECT_FALSE(tactic.runs.back().shares_buffer);
  }
}

TEST(Timing, ColdWeightsAreTimedAndKeptApart) {
  const AddTactic tactic;
  NodeDesc node = addition();
  const std::array<size_t, 1> dying = {0};
  const std::string warm = Contender{tactic, node}.key();
  EXPECT_THAT(warm, HasSubstr("test.add Add"));
  EXPECT_THAT((Contender{tactic, node, true}.key()), EndsWith(" cold"));
  EXPECT_NE((Contender{tactic, node, false, dying}.key()), warm);
  const Contender cold{tactic, node, true};
  EXPECT_GE(time_contenders({&cold, 1}, {.least_rounds = 2, .most_rounds = 2, .budget_us = 0}).us[0], 0);
  EXPECT_EQ(node.inputs[1].data.span<float>()[7], 1.0F);  // evicted, not lost
  node.inputs[1].constant = false;
  EXPECT_THAT((Contender{tactic, node, true}.key()), Not(EndsWith(" cold")));
}

TEST(Timing, WhatIsFarSlowerRunsOnceAndKeepsThatTime) {
  const AddTactic fast, slow(std::chrono::milliseconds(100));
  const NodeDesc node = addition();
  const std::array contenders = {Contender{slow, node}, Contender{fast, node}};
  const Timings times = time_contenders(contenders, {.least_rounds = 4, .most_rounds = 4, .budget_us = 0});
  EXPECT_EQ(slow.runs.size(), 1U);
  EXPECT_EQ(fast.runs.size(), 5U);
  EXPECT_GE(times.us[0], 100e3);
  EXPECT_GE(times.us[1], 0);
  EXPECT_EQ(times.failures[0], "");
}

TEST(Timing, ASingleContenderThatTakesTheBudgetRunsOnce) {
  const AddTactic slow(std::chrono::milliseconds(2));
  const NodeDesc node = addition();
  const Contender contender{slow, node};
  const Timings times = time_contenders({&contender, 1}, {.budget_us = 1e3});
  EXPECT_EQ(slow.runs.size(), 1U);
  EXPECT_GE(times.us[0], 2e3);
}

}  // namespace
}  // namespace twofour::builder
