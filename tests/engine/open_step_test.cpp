// Which tactic an open step takes for the sizes that come.
#include "engine/open_step.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/busy.h"
#include "support/listed_backend.h"

namespace twofour::engine {
namespace {

using backend::KernelArgs;
using backend::NodeDesc;
using Kind = PlanTensor::Kind;
using std::chrono::milliseconds;

/// Runs everything by writing its number, and counts.
class NumberTactic final : public backend::Tactic {
 public:
  NumberTactic(int number, milliseconds time)
      : Tactic(fmt::format("number {}", number)), number_(number), time_(time) {}
  backend::Support supports(const NodeDesc&) const override { return backend::supported(); }
  bool packs() const override { return true; }
  std::string packed_form(const NodeDesc&) const override { return ""; }

  mutable int runs = 0;
  mutable int times_packed = 0;

 protected:
  class NumberKernel final : public backend::Kernel {
   public:
    explicit NumberKernel(const NumberTactic& tactic) : tactic_(tactic) {}
    void run(const KernelArgs& args) const override {
      testing::stay_busy(tactic_.time_);
      ++tactic_.runs;
      args.out<float>()[0] = static_cast<float>(tactic_.number_);
    }

   private:
    const NumberTactic& tactic_;
  };
  std::vector<Tensor> make_packed(const NodeDesc&) const override {
    ++times_packed;
    return {};
  }
  std::unique_ptr<backend::Kernel> make(const NodeDesc&, std::span<const Tensor>) const override {
    return std::make_unique<NumberKernel>(*this);
  }

 private:
  int number_;
  milliseconds time_;
};

/// y = Concat(x, six constants), where x has any size. The tactics are numbered from 0 and take so long; the
/// last one stands for the reference.
class ConcatStep {
 public:
  explicit ConcatStep(std::vector<int> ms) {
    for (const int time : ms) {
      const auto number = static_cast<int>(tactics_.size());
      tactics_.push_back(std::make_unique<NumberTactic>(number, milliseconds(time)));
    }
    std::vector<const backend::Tactic*> tactics;
    for (const auto& tactic : tactics_) tactics.push_back(tactic.get());
    backend_ = std::make_unique<testing::ListedBackend>(std::move(tactics));
    Plan plan;
    plan.tensors = {{"x", {DType::kF32, {}}, Kind::kInput, 0, -1, {DimRange{}}},
                    {"c", {DType::kF32, {6}}, Kind::kConstant, 0, 0},
                    {"y", {DType::kF32, {}}, Kind::kDynamic, 0, -1, {DimRange{}}}};
    const PlanStep step{"concat", "Concat", {{"axis", int64_t{0}}}, {0, 1}, {2}, "", {}, false};
    step_ = std::make_unique<OpenStep>(plan, step, std::array{constant_}, *backend_);
  }

  /// The number of the tactic that runs the step for x of this size.
  int choice(int64_t size) const {
    const auto variant = step_->variant(std::array{Tensor(DType::kF32, {size}), constant_});
    const Tensor y(DType::kF32, variant->outputs.at(0).shape());
    EXPECT_EQ(y.numel(), size + 6);
    std::byte* const target = y.raw();
    variant->kernel->run({{}, {&target, 1}, nullptr});
    return static_cast<int>(y.span<float>()[0]);
  }
  const NumberTactic& tactic(size_t number) const { return *tactics_[number]; }

 private:
  Tensor constant_{DType::kF32, {6}};
  std::vector<std::unique_ptr<NumberTactic>> tactics_;
  std::unique_ptr<testing::ListedBackend> backend_;
  std::unique_ptr<OpenStep> step_;
};

TEST(OpenStep, TakesTheFasterTactic) {
  EXPECT_EQ(ConcatStep({2, 0, 0}).choice(5), 1);
  EXPECT_EQ(ConcatStep({0, 2, 0}).choice(5), 0);
}

TEST(OpenStep, RunsWhatIsFarSlowerOnce) {
  const ConcatStep step({0, 20, 0});
  EXPECT_EQ(step.choice(5), 0);
  EXPECT_EQ(step.tactic(1).runs, 1);
}

TEST(OpenStep, TimesNoLastTacticBesideOthers) {
  const ConcatStep step({2, 2, 0});
  step.choice(5);
  EXPECT_EQ(step.tactic(2).runs, 0);
  EXPECT_EQ(ConcatStep({0}).choice(5), 0);
}

TEST(OpenStep, TimesOnceForSizesThatAgreeWhenRoundedUp) {
  const ConcatStep step({2, 0, 0});
  for (const int64_t size : {11, 12, 16, 13}) EXPECT_EQ(step.choice(size), 1);
  const int runs = step.tactic(0).runs;
  for (const int64_t size : {14, 15}) EXPECT_EQ(step.choice(size), 1);
  EXPECT_EQ(step.tactic(0).runs, runs);
  EXPECT_EQ(step.choice(100), 1);
  EXPECT_GT(step.tactic(0).runs, runs);
}

TEST(OpenStep, LeavesTensorsWithoutElementsToTheLastTactic) {
  const ConcatStep step({2, 0, 0});
  EXPECT_EQ(step.choice(1), 1);
  EXPECT_EQ(step.choice(0), 2);  // its sizes, rounded up, are those of one element but for the 0
}

TEST(OpenStep, PacksItsConstantsOnceForAllSizes) {
  const ConcatStep step({2, 0, 0});
  for (const int64_t size : {5, 100}) step.choice(size);
  EXPECT_EQ(step.tactic(0).times_packed, 1);
  EXPECT_EQ(step.tactic(1).times_packed, 1);
}

}  // namespace
}  // namespace twofour::engine
