// A kernel that throws on the data that it is timed with loses, it never ends the build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/reference_tactic.h"
#include "base/file.h"
#include "builder/builder.h"
#include "ops/builder.h"
#include "support/temporary_path.h"

namespace twofour::builder {
namespace {

using backend::KernelArgs;
using backend::NodeDesc;
using ::testing::HasSubstr;

/// Runs Neg, until it is told to throw: when it is made, or from a certain run on.
class MoodyTactic final : public backend::Tactic {
 public:
  explicit MoodyTactic(std::string name, int good_runs) : Tactic(std::move(name)), good_runs_(good_runs) {}
  backend::Support supports(const NodeDesc& node) const override {
    return node.op == "Neg" ? backend::supported() : declined(backend::Reason::kNotThisOp);
  }

 protected:
  class MoodyKernel final : public backend::Kernel {
   public:
    explicit MoodyKernel(int good_runs) : left_(good_runs) {}
    void run(const KernelArgs& args) const override {
      if (left_-- == 0) fail(ErrorCode::kInvalidArgument, "not with this data");
      for (int i = 0; i < 4; ++i) args.out<float>()[i] = -args.in<float>(0)[i];
    }

   private:
    mutable int left_;
  };
  std::unique_ptr<backend::Kernel> make(const NodeDesc&, std::span<const Tensor>) const override {
    return std::make_unique<MoodyKernel>(good_runs_);
  }

 private:
  int good_runs_;
};

class MoodyBackend final : public backend::Backend {
 public:
  explicit MoodyBackend(std::vector<const backend::Tactic*> tactics) : tactics_(std::move(tactics)) {}
  std::string_view name() const override { return "moody"; }
  std::string device() const override { return "any CPU"; }
  std::span<const backend::Tactic* const> tactics() const override { return tactics_; }
  backend::Support native_half(DType) const override { return declined(backend::Reason::kNoHalfArithmetic); }

 private:
  std::vector<const backend::Tactic*> tactics_;
};

Graph negation() {
  Graph graph("negation");
  Value* x = graph.add_input("x", {DType::kF32, {4}});
  graph.set_outputs({ops::Builder(graph).op("Neg", {x}, {}, "minus")});
  return graph;
}

const TacticTime& candidate(const LayerChoice& layer, const std::string& tactic) {
  return *std::ranges::find(layer.candidates, tactic, &TacticTime::tactic);
}

TEST(FailingTactics, TheNextOneIsTaken) {
  const MoodyTactic at_once("at_once", 0), later("later", 3);
  const MoodyTactic good("good", -1);
  const backend::ReferenceTactic reference;
  const MoodyBackend backend({&at_once, &later, &good, &reference});
  const Result built = build(negation(), backend, {.tuning = {.rounds = 5}});
  const LayerChoice& layer = built.report.layers.at(0);
  EXPECT_EQ(layer.winner, "good");
  for (const char* name : {"at_once", "later"}) {
    EXPECT_EQ(candidate(layer, name).declined, "failed while it was timed (not with this data)");
    EXPECT_FALSE(candidate(layer, name).could_run);
  }
}

TEST(FailingTactics, OnesBeyondTheMostThatAreTimedStandIn) {
  const MoodyTactic bad("bad", 0);
  const MoodyTactic good("good", -1);
  const backend::ReferenceTactic reference;
  const MoodyBackend backend({&bad, &good, &reference});
  const Result built = build(negation(), backend, {.tuning = {.rounds = 2, .max_tactics = 1}});
  EXPECT_EQ(built.report.layers.at(0).winner, "good");
}

TEST(FailingTactics, TheFallbackStandsIn) {
  const MoodyTactic bad("bad", 0);
  const backend::ReferenceTactic reference;
  const MoodyBackend backend({&bad, &reference});
  const Result built = build(negation(), backend, {.tuning = {.rounds = 2}});
  EXPECT_EQ(built.report.layers.at(0).winner, "reference");
  EXPECT_GE(candidate(built.report.layers.at(0), "reference").time_us, 0);
}

TEST(FailingTactics, WhereAllFailTheLastOneRunsUntimed) {
  const MoodyTactic bad("bad", 0), worse("worse", 0);
  const MoodyBackend backend({&bad, &worse});
  const Result built = build(negation(), backend, {.tuning = {.rounds = 2}});
  const LayerChoice& layer = built.report.layers.at(0);
  EXPECT_EQ(layer.winner, "worse");
  EXPECT_LT(candidate(layer, "worse").time_us, 0);
  EXPECT_EQ(candidate(layer, "worse").note, "failed while it was timed (not with this data)");
  try {
    built.engine->create_context()->run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "not with this data; while running layer \"minus\" (Neg)");
  }
}

TEST(FailingTactics, TheTimingCacheRemembers) {
  const MoodyTactic bad("bad", 0);
  const MoodyTactic good("good", -1);
  const MoodyBackend backend({&bad, &good});
  const auto path = temporary_path("twofour_failing_tactics");
  for (const bool strict : {false, true}) {
    Options options{.tuning = {.rounds = 2, .timing_cache = path, .strict_timing_cache = strict}};
    options.times = open_timing_cache(path, backend);
    const Result built = build(negation(), backend, options);
    keep_timing_cache(options.times.get(), path, backend);
    EXPECT_EQ(built.report.layers.at(0).winner, "good");
    EXPECT_THAT(candidate(built.report.layers.at(0), "bad").declined, HasSubstr("failed while it was timed"));
  }
  EXPECT_THAT(read_file(path), HasSubstr("-1"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace twofour::builder
