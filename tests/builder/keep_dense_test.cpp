// Layers that are kept dense: what runs them, and what the report says of the sparse tactics.
#include <gtest/gtest.h>

#include "builder/moody_tactic.h"
#include "builder/select.h"

namespace twofour::builder {
namespace {

/// The node of negation() as it is first chosen and as it is kept dense, where one tactic is timed.
class KeepDense : public ::testing::Test {
 protected:
  explicit KeepDense(int good_runs = -1) : sparse_("sparse", good_runs, true) {}

  LayerChoice choice(bool keep_dense) {
    return summarise(selector_.select(graph_.node_list().at(0), {}, keep_dense), backend::Format::kPlain);
  }

  const MoodyTactic sparse_, dense_{"dense", -1};
  const backend::ReferenceTactic reference_;
  const testing::ListedBackend backend_{{&sparse_, &dense_, &reference_}};
  Options options_{.tuning = {.rounds = 2, .max_tactics = 1}};
  Selector selector_{backend_, options_, false};
  Graph graph_ = negation();
};

class KeepDenseWhereSparseFails : public KeepDense {
 protected:
  KeepDenseWhereSparseFails() : KeepDense(0) {}
};

TEST_F(KeepDense, TheFirstDenseTacticRunsHoweverFewAreTimed) {
  EXPECT_EQ(choice(false).winner, "sparse");
  const LayerChoice layer = choice(true);
  EXPECT_EQ(layer.winner, "dense");
  EXPECT_GE(candidate(layer, "dense").time_us, 0);
}

TEST_F(KeepDense, TheReportHasTheTimesOfSparseTactics) {
  const double time_us = candidate(choice(false), "sparse").time_us;
  const LayerChoice layer = choice(true);
  EXPECT_GE(time_us, 0);
  EXPECT_EQ(candidate(layer, "sparse").time_us, time_us);
  EXPECT_EQ(candidate(layer, "sparse").declined, "does not make the whole network faster");
}

TEST_F(KeepDenseWhereSparseFails, TheReportSaysSo) {
  EXPECT_EQ(choice(false).winner, "dense");
  const LayerChoice layer = choice(true);
  EXPECT_EQ(layer.winner, "dense");
  EXPECT_FALSE(candidate(layer, "sparse").could_run);
}

TEST_F(KeepDense, TheTrialHasADenseNetworkHoweverFewAreTimed) {
  const SparsityTrial trial = build(graph_.clone(), backend_, options_).report.trial;
  EXPECT_EQ(trial.skipped, "");
  EXPECT_GT(trial.dense_us, 0);
}

}  // namespace
}  // namespace twofour::builder
