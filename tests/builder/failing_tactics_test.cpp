// A kernel that throws on the data that it is timed with loses, it never ends the build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "builder/moody_tactic.h"
#include "builder/precision_trial.h"
#include "support/temporary_path.h"

namespace twofour::builder {
namespace {

using ::testing::HasSubstr;

TEST(FailingTactics, TheNextOneIsTaken) {
  const MoodyTactic at_once("at_once", 0), later("later", 3);
  const MoodyTactic good("good", -1);
  const backend::ReferenceTactic reference;
  const testing::ListedBackend backend({&at_once, &later, &good, &reference});
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
  const testing::ListedBackend backend({&bad, &good, &reference});
  const Result built = build(negation(), backend, {.tuning = {.rounds = 2, .max_tactics = 1}});
  EXPECT_EQ(built.report.layers.at(0).winner, "good");
}

TEST(FailingTactics, TheFallbackStandsIn) {
  const MoodyTactic bad("bad", 0);
  const backend::ReferenceTactic reference;
  const testing::ListedBackend backend({&bad, &reference});
  const Result built = build(negation(), backend, {.tuning = {.rounds = 2}});
  EXPECT_EQ(built.report.layers.at(0).winner, "reference");
  EXPECT_GE(candidate(built.report.layers.at(0), "reference").time_us, 0);
}

/// Like a half twin whose inner tactic runs the node itself.
class TwinTactic final : public backend::Tactic {
 public:
  TwinTactic() : Tactic("twin") {}
  backend::Support supports(const backend::NodeDesc&) const override {
    return declined(backend::Reason::kOnlyAsFallback);
  }

 protected:
  std::unique_ptr<backend::Kernel> make(const backend::NodeDesc&, std::span<const Tensor>) const override {
    return nullptr;
  }
};

TEST(FailingTactics, WhatAlwaysLeavesTheNodeToOthersDoesNotStandIn) {
  const MoodyTactic bad("bad", 0);
  const TwinTactic twin;
  const backend::ReferenceTactic reference;
  const testing::ListedBackend backend({&bad, &twin, &reference});
  const Result built = build(negation(), backend, {.tuning = {.rounds = 2}});
  EXPECT_EQ(built.report.layers.at(0).winner, "reference");
}

TEST(FailingTactics, WhereAllFailTheLastOneRunsUntimed) {
  const MoodyTactic bad("bad", 0), worse("worse", 0);
  const testing::ListedBackend backend({&bad, &worse});
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
  const testing::ListedBackend backend({&bad, &good});
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

/// The backend has no tactic for Abs.
TEST(FailingPrecisions, AreOutOfTheRace) {
  const MoodyTactic good("good", -1);
  const testing::ListedBackend backend({&good});
  Graph magnitude("magnitude");
  magnitude.set_outputs({ops::Builder(magnitude).op("Abs", {magnitude.add_input("x", {DType::kF32, {4}})})});
  Precisions precisions;
  precisions.variants.push_back({.precision = "fp32", .graph = negation()});
  precisions.variants.push_back({.precision = "int8", .graph = std::move(magnitude)});
  const Result built = build_fastest(std::move(precisions), backend, {.tuning = {.rounds = 2}});
  const std::vector<PrecisionTime>& rows = built.report.precision_trial.precisions;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows[0].taken);
  EXPECT_EQ(rows[1].precision, "int8");
  EXPECT_THAT(rows[1].declined, HasSubstr("it cannot be built: "));
}

TEST(FailingPrecisions, TheModelAsItIsHasToBeBuilt) {
  const testing::ListedBackend backend({});
  Precisions precisions;
  precisions.variants.push_back({.precision = "fp32", .graph = negation()});
  EXPECT_THROW(build_fastest(std::move(precisions), backend, {}), Error);
}

}  // namespace
}  // namespace twofour::builder
