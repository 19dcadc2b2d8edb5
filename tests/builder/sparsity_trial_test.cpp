// Which layers stay sparse, by what the whole network gains. Times are the tests' own.
#include "builder/sparsity_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/json.h"
#include "base/rng.h"
#include "builder/report.h"
#include "ops/builder.h"
#include "sparsity/prune.h"
#include "support/cpu_device.h"

namespace twofour::builder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Names = std::vector<std::string>;

LayerChoice layer(const std::string& name, double dense_us, double sparse_us) {
  return {.layer = name,
          .sparse = true,
          .has_weight = true,
          .candidates = {{"sparse", "nchw", true, true, sparse_us, "", ""},
                         {"dense", "nchw", false, true, dense_us, "", ""}}};
}

/// A network of layers a to d, which gain 1, 2, 3 and 4 us.
Built network(const std::set<std::string>& dense_layers) {
  Built built;
  for (const auto& [name, gain] : {std::pair("c", 3), {"a", 1}, {"d", 4}, {"b", 2}}) {
    built.report.layers.push_back(layer(name, 10, 10 - gain));
    built.report.layers.back().sparse = !dense_layers.contains(name);
  }
  return built;
}

/// The whole network gains only when exactly these layers are sparse.
RaceAgainst won_by(const Names& layers) {
  return [layers](const Built& dense) -> Race {
    EXPECT_THAT(dense.report.sparse_layers(), IsEmpty());
    return [layers](const Built& sparse) {
      SparsityTrial trial{.sparse_us = 9, .dense_us = 10, .speedup = 10.0 / 9};
      trial.won = sparse.report.sparse_layers() == layers;
      if (!trial.won) trial.speedup = 0.9;
      return trial;
    };
  };
}

TEST(SparsityTrial, AllStaySparseWhereTheNetworkGains) {
  const BuildReport report = settle_sparse_layers(network, won_by({"c", "a", "d", "b"})).report;
  EXPECT_EQ(report.sparse_layers().size(), 4u);
  EXPECT_THAT(report.trial.layers_returned, IsEmpty());
  EXPECT_THAT(report.trial.summary(), HasSubstr("1.11x"));
}

TEST(SparsityTrial, LayersThatGainLeastGoBackFirst) {
  const BuildReport two = settle_sparse_layers(network, won_by({"c", "d"})).report;
  EXPECT_THAT(two.sparse_layers(), UnorderedElementsAre("c", "d"));
  EXPECT_THAT(two.trial.layers_returned, ElementsAre("a", "b"));
  EXPECT_THAT(two.trial.summary(), HasSubstr("2 layers went back to dense"));
  const BuildReport one = settle_sparse_layers(network, won_by({"d"})).report;
  EXPECT_THAT(one.trial.layers_returned, ElementsAre("a", "b", "c"));
}

TEST(SparsityTrial, AllGoBackWhereNothingWins) {
  const BuildReport report = settle_sparse_layers(network, won_by({})).report;
  EXPECT_THAT(report.sparse_layers(), IsEmpty());
  EXPECT_EQ(report.trial.layers_returned.size(), 4u);
  EXPECT_FALSE(report.trial.won);
  EXPECT_EQ(report.trial.speedup, 0.9) << "what 2:4 would have cost";
  EXPECT_THAT(report.trial.summary(), HasSubstr("does not make this network faster"));
}

TEST(SparsityTrial, ARaceThatFailsLeavesTheChoiceByLayers) {
  const RaceAgainst fails = [](const Built&) -> Race {
    return
        [](const Built&) -> SparsityTrial { fail(ErrorCode::kInvalidArgument, "index 7 is out of range"); };
  };
  const BuildReport report = settle_sparse_layers(network, fails).report;
  EXPECT_EQ(report.sparse_layers().size(), 4u);
  EXPECT_THAT(report.trial.summary(), HasSubstr("index 7 is out of range"));
}

TEST(SparsityTrial, DenseNetworksAreBuiltOnce) {
  int builds = 0;
  const auto build = [&](const std::set<std::string>&) {
    ++builds;
    return network({"a", "b", "c", "d"});
  };
  const BuildReport report = settle_sparse_layers(build, won_by({})).report;
  EXPECT_EQ(builds, 1);
  EXPECT_EQ(report.trial.summary(), "");
}

TEST(SparsityTrial, SurvivesTheReportsJson) {
  BuildReport report = settle_sparse_layers(network, won_by({"d"})).report;
  const BuildReport read = report_from_info({{"report", report_to_json(report)}});
  EXPECT_EQ(read.trial.summary(), report.trial.summary());
  EXPECT_EQ(read.trial.layers_returned, report.trial.layers_returned);
}

TEST(SparsityTrial, OddNamesSurviveTheReportsJson) {
  BuildReport report;
  report.layers.push_back({.layer = "conv\xff",
                           .op = "Conv",
                           .has_weight = true,
                           .candidates = {{"sparse", "nchw", true, false, -1, "failed at conv\xff", ""}}});
  report.trial.layers_returned = {"conv\xff"};
  report.trial.skipped = "index 7 is out of range in conv\xff";
  const BuildReport read = report_from_info({{"report", parse_json(report.json(), "the report")}});
  EXPECT_EQ(read.trial.layers_returned, report.trial.layers_returned);
  EXPECT_EQ(read.trial.skipped, report.trial.skipped);
  EXPECT_EQ(read.layers.at(0).verdict(), "failed at conv\xff");
}

// With real engines: the report agrees with the plan, whoever wins.
TEST(SparsityTrial, EnginesRunWhatTheReportSays) {
  Graph graph("net");
  Rng rng(3);
  Value* x = graph.add_input("x", {DType::kF32, {4, 64, 14, 14}});
  for (const char* name : {"first", "second"}) {
    Tensor weight(DType::kF32, {64, 64, 3, 3});
    for (float& v : weight.span<float>()) v = rng.normal();
    x = ops::Builder(graph).op("Conv", {x, graph.add_constant(std::string(name) + ".weight", weight)},
                               {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}, name);
  }
  graph.set_outputs({x});
  const Result result = build(std::move(graph), device(), {.sparsity = SparsityMode::kForce});
  const BuildReport& report = result.report;
  const Names sparse = report.sparse_layers();
  if (report.trial.sparse_us < 0) {
    EXPECT_THAT(sparse, IsEmpty()) << report.trial.skipped;
    return;
  }
  EXPECT_EQ(report.trial.won, !sparse.empty());
  EXPECT_GT(report.trial.dense_us, 0);
  for (const auto& step : result.engine->plan().steps)
    EXPECT_EQ(step.sparse, std::ranges::count(sparse, step.name) > 0) << step.name;
}

}  // namespace
}  // namespace twofour::builder
