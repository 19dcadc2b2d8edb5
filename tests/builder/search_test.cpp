// The search over kernel parameters: when it happens, what it finds, and where that is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "builder/tactics_file.h"
#include "builder/timing_cache.h"
#include "cpu/sparse24/kernel_parameters.h"
#include "ops/builder.h"
#include "support/cpu_device.h"
#include "support/temporary_path.h"

namespace twofour::builder {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Graph convolution(bool sparse = true) {
  Graph graph("convolution");
  Rng rng(7);
  Value* x = graph.add_input("x", {DType::kF32, {1, 32, 24, 24}});
  Tensor weight(DType::kF32, {32, 32, 3, 3});
  for (float& v : weight.span<float>()) v = rng.normal();
  for (size_t i = 0; sparse && i < weight.span<float>().size(); ++i)
    if (i / 9 % 2 == 0) weight.span<float>()[i] = 0;
  Value* y = ops::Builder(graph).op("Conv", {x, graph.add_constant("weight", weight)},
                                    {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}, "conv");
  graph.set_outputs({y});
  return graph;
}

std::vector<std::string> tactics_of(const LayerChoice& layer) {
  std::vector<std::string> names;
  for (const TacticTime& c : layer.candidates) names.push_back(c.tactic);
  return names;
}

/// One of those that differ from the default in their blocks alone.
bool is_block_variant(const std::string& tactic) {
  return tactic.starts_with("sparse24.conv:k") && tactic.find(',') == std::string::npos;
}

std::vector<float> output_of(const engine::Engine& engine) {
  Tensor x(DType::kF32, {1, 32, 24, 24});
  Rng rng(5);
  for (float& v : x.span<float>()) v = rng.normal();
  const auto context = engine.create_context();
  context->bind("x", x);
  context->run();
  const auto y = context->tensor(engine.plan().tensors[static_cast<size_t>(engine.plan().outputs[0])].name);
  return {y.span<float>().begin(), y.span<float>().end()};
}

class Search : public ::testing::Test {
 protected:
  void SetUp() override {
    if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the 2:4 kernels need AVX2";
    cache_ = temporary_path("twofour_search_test_times");
    file_ = temporary_path("twofour_search_test");
  }
  void TearDown() override {
    std::filesystem::remove(cache_);
    std::filesystem::remove(file_);
  }

  /// Without what could beat the sparse tactic by more than a search makes up.
  Result built(int level, Options options = {}, bool sparse = true) const {
    options.tuning = {.level = level,
                      .rounds = 2,
                      .without_tactics = {"onednn", "sparse24.gemv"},
                      .timing_cache = cache_,
                      .strict_timing_cache = options.tuning.strict_timing_cache};
    options.times = open_timing_cache(cache_, device());
    Result result = build(convolution(sparse), device(), options);
    keep_timing_cache(options.times.get(), cache_, device());
    return result;
  }
  /// Gives every variant of every node that the cache knows a time, 10 us for those whose name begins with
  /// `fastest`: what is built from these alone depends on no other work.
  void keep_times(const std::string& fastest) const {
    const std::string base = "sparse24.conv";
    Json json = parse_json(read_file(cache_), "test");
    Json& times = json["devices"].front();
    const Json known = times;
    for (const auto& [key, time_us] : known.items()) {
      if (!key.starts_with(base + ":")) times[key] = 110;
      if (!key.starts_with(base + " ")) continue;
      times[key] = 100;
      for (const cpu::KernelParameters& parameters : cpu::all_variants()) {
        const std::string name = base + ":" + parameters.to_string();
        times[name + key.substr(base.size())] = name.starts_with(fastest) ? 10 : 110;
      }
    }
    write_file_atomic(cache_, json.dump());
  }
  static Options kept_times() {
    Options options;
    options.tuning.strict_timing_cache = true;
    return options;
  }
  /// One variant becomes the fastest by far. Returns its name.
  std::string let_one_win() const {
    built(3);
    keep_times("none");
    const auto names = tactics_of(built(4, kept_times()).report.layers[0]);
    const auto name = std::ranges::find_if(names, is_block_variant);
    EXPECT_NE(name, names.end());
    keep_times(*name);
    return *name;
  }

  std::filesystem::path cache_, file_;
};

TEST_F(Search, BeginsAtLevelFour) {
  const LayerChoice usual = built(3).report.layers[0];
  EXPECT_THAT(tactics_of(usual), Each(Not(HasSubstr("sparse24.conv:"))));
  keep_times("none");
  const LayerChoice searched = built(4, kept_times()).report.layers[0];
  const auto names = tactics_of(searched);
  EXPECT_THAT(names, Contains(StartsWith("sparse24.conv:")));
  for (const TacticTime& c : searched.candidates)
    if (c.tactic.starts_with("sparse24.conv:")) {
      EXPECT_GE(c.time_us, 0) << c.tactic;
    }
  EXPECT_LT(names.size(), 40u);
  EXPECT_EQ(tactics_of(built(3, kept_times()).report.layers[0]), tactics_of(usual));
}

TEST_F(Search, WhatItTimedIsNotTimedAgain) {
  const auto usual = tactics_of(built(3).report.layers[0]);
  const auto names = tactics_of(built(4).report.layers[0]);
  EXPECT_EQ(tactics_of(built(3, kept_times()).report.layers[0]), usual);
  EXPECT_EQ(tactics_of(built(4, kept_times()).report.layers[0]), names);
  if (names == usual) GTEST_SKIP() << "other work disturbed the whole search";
}

TEST_F(Search, OnlyWhereASparseTacticRuns) {
  EXPECT_THAT(tactics_of(built(4, {}, false).report.layers[0]), Each(Not(HasSubstr("sparse24.conv:"))));
  EXPECT_THAT(tactics_of(built(4, {.sparsity = SparsityMode::kDisable}).report.layers[0]),
              Each(Not(HasSubstr("sparse24.conv:"))));
}

TEST_F(Search, NotInAFormatWhereItIsFarFromTheFastest) {
  built(4);
  Json json = parse_json(read_file(cache_), "test");
  for (auto& [key, time_us] : json["devices"].front().items())
    time_us = key.starts_with("reference ") ? 10 : 13;
  write_file_atomic(cache_, json.dump());
  const Result result = built(4);
  for (const TacticTime& c : result.report.layers[0].candidates) {
    EXPECT_TRUE(c.format == "nhwc" || !c.tactic.starts_with("sparse24.conv:")) << "the reference is for nchw";
  }
}

TEST_F(Search, TheWinnerIsKeptInTheEngine) {
  const std::string name = let_one_win();
  const Result usual = built(3, kept_times());
  ASSERT_EQ(usual.report.layers[0].winner, "sparse24.conv");
  const std::vector<float> expected = output_of(*usual.engine);
  const Result result = built(4, kept_times());
  const LayerChoice& layer = result.report.layers[0];
  EXPECT_THAT(layer.winner, StartsWith(name));
  EXPECT_THAT(layer.verdict(), "sparse");
  EXPECT_EQ(output_of(*result.engine), expected);
  result.engine->save(file_);
  const auto loaded = engine::Engine::load(file_, device());
  EXPECT_EQ(loaded->plan().steps[0].tactic, layer.winner);
  EXPECT_EQ(output_of(*loaded), expected);
}

TEST_F(Search, TheWinnerIsKeptInTheTacticsFile) {
  const std::string name = let_one_win();
  const BuildReport report = built(4, kept_times()).report;
  write_tactics_file(file_, report, device());
  for (const bool timed : {false, true}) {
    const Options options{
        .time_tactics = timed, .decisions = read_tactics_file(file_, device()), .strict_tactics = true};
    const LayerChoice layer = built(3, options).report.layers[0];
    EXPECT_EQ(layer.winner, report.layers[0].winner);
    EXPECT_EQ(layer.verdict(), "sparse (replayed)");
    EXPECT_THAT(tactics_of(layer), Contains(layer.winner));
  }
}

TEST_F(Search, AFileCannotNameWhatDoesNotRun) {
  const std::string name = let_one_win();
  write_tactics_file(file_, built(4, kept_times()).report, device());
  const std::string text = read_file(file_);
  const auto refused = [&](bool sparse, const std::string& tactic) {
    try {
      built(3,
            {.time_tactics = false, .decisions = read_tactics_file(file_, device()), .strict_tactics = true},
            sparse);
      ADD_FAILURE() << "built";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kFailedPrecondition);
      EXPECT_THAT(error.what(), HasSubstr("node \"conv\" (Conv) cannot replay tactic " + tactic));
    }
  };
  refused(false, name);  // dense weights
  std::string unknown = text;
  unknown.replace(unknown.find(name), name.size(), "sparse24.conv:k7");
  write_file_atomic(file_, unknown);
  refused(true, "sparse24.conv:k7");
}

}  // namespace
}  // namespace twofour::builder
