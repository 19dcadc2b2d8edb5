// Timing caches: times outlive the build, decide the next one, and belong to one device.
#include "builder/timing_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "builder/timing.h"
#include "ops/builder.h"
#include "support/cpu_device.h"
#include "support/temporary_path.h"
#include "twofour/log.h"

namespace twofour::builder {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Graph convolutions() {
  Graph graph("convolutions");
  Rng rng(7);
  Value* x = graph.add_input("x", {DType::kF32, {1, 8, 9, 7}});
  for (const char* name : {"first", "second"}) {
    Tensor weight(DType::kF32, {8, 8, 3, 3});
    for (float& v : weight.span<float>()) v = rng.normal();
    x = ops::Builder(graph).op("Conv", {x, graph.add_constant(std::string(name) + ".weight", weight)},
                               {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}, name);
  }
  graph.set_outputs({x});
  return graph;
}

class TimingCacheFile : public ::testing::Test {
 protected:
  void SetUp() override { path_ = temporary_path("twofour_timing_cache_test"); }
  void TearDown() override {
    std::filesystem::remove(path_);
    set_log_sink({});
  }

  BuildReport built(bool strict = false) const {
    const auto times = open_timing_cache(path_, device());
    const Options options{.tuning = {.timing_cache = path_, .strict_timing_cache = strict}, .times = times};
    const BuildReport report = build(convolutions(), device(), options).report;
    keep_timing_cache(times.get(), path_, device());
    return report;
  }
  Json content() const { return parse_json(read_file(path_), "test"); }
  void write(const Json& json) const { write_file_atomic(path_, json.dump()); }
  void expect_refused(const std::string& text, const std::string& reason) const {
    write_file_atomic(path_, text);
    try {
      built();
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
      EXPECT_THAT(error.what(), HasSubstr("reading timing cache " + path_.string()));
      EXPECT_THAT(error.what(), HasSubstr(reason));
    }
    EXPECT_EQ(read_file(path_), text);
  }
  void expect_miss() const {
    try {
      built(true);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNotFound);
      EXPECT_THAT(error.what(), HasSubstr("node \"first\" (Conv) is not in timing cache " + path_.string()));
    }
  }

  std::filesystem::path path_;
};

TEST_F(TimingCacheFile, ServesTheNextBuild) {
  expect_miss();
  EXPECT_FALSE(std::filesystem::exists(path_));
  const BuildReport first = built();
  const std::string file = read_file(path_);
  const BuildReport second = built(true);
  ASSERT_EQ(first.layers.size(), second.layers.size());
  for (size_t i = 0; i < first.layers.size(); ++i) {
    EXPECT_EQ(first.layers[i].winner, second.layers[i].winner);
    ASSERT_EQ(first.layers[i].candidates.size(), second.layers[i].candidates.size());
    for (size_t c = 0; c < first.layers[i].candidates.size(); ++c)
      EXPECT_EQ(first.layers[i].candidates[c].time_us, second.layers[i].candidates[c].time_us);
  }
  EXPECT_EQ(read_file(path_), file);  // nothing new, nothing written
}

TEST_F(TimingCacheFile, TimesDecide) {
  const BuildReport first = built();
  const std::string winner = first.layers[0].winner;
  Json json = content();
  for (auto& [device_key, times] : json["devices"].items())
    for (auto& [key, time_us] : times.items()) time_us = key.starts_with(winner + " ") ? 1e6 : 1.0;
  write(json);
  const BuildReport second = built(true);
  EXPECT_NE(second.layers[0].winner, winner);
  EXPECT_EQ(second.layers[0].best_us(false), 1.0);
}

TEST_F(TimingCacheFile, TimesOfOthersAreKeptAndNotUsed) {
  built();
  Json json = content();
  const Json times = json["devices"].front();
  const std::string own = json["devices"].begin().key();
  json["devices"] = {{"cpu, some other machine, 2 threads, twofour 9.9.9", times}};
  write(json);
  expect_miss();
  built();
  EXPECT_EQ(content()["devices"].size(), 2u);
  EXPECT_EQ(content()["devices"]["cpu, some other machine, 2 threads, twofour 9.9.9"], times);
  EXPECT_TRUE(content()["devices"].contains(own));
}

TEST_F(TimingCacheFile, TimesHoldForOneThreadCount) {
  built();
  const int threads = max_threads();
  set_max_threads(threads + 1);
  expect_miss();
  set_max_threads(threads);
  built(true);
}

TEST_F(TimingCacheFile, DamagedFilesAreRefusedAndLeftAlone) {
  expect_refused("", "not valid JSON");
  expect_refused("\x08\x01onnx", "not valid JSON");
  expect_refused("[]", "it is not a timing cache of this version");
  expect_refused(R"({"kind": "twofour tactics 2"})", "it is not a timing cache of this version");
  expect_refused(R"({"kind": "twofour timing cache 1"})", "it is malformed");
  expect_refused(R"({"kind": "twofour timing cache 1", "devices": {"a": {"b": "c"}}})", "it is malformed");
  expect_refused(R"({"kind": "twofour timing cache 1", "devices": {"a": {"b": -2}}})",
                 "\"b\" has the time -2");
  std::filesystem::remove(path_);
  built();
  const std::string file = read_file(path_);
  for (const size_t length : {file.size() / 2, file.size() - 3})
    expect_refused(file.substr(0, length), "not valid JSON");
}

TEST_F(TimingCacheFile, AnUnwritableOneIsWorthAWarning) {
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  write_file_atomic(path_, "a file where a folder would have to be");
  const auto times = open_timing_cache(path_ / "times", device());
  build(convolutions(), device(), {.tuning = {.level = 1}, .times = times});
  keep_timing_cache(times.get(), path_ / "times", device());
  EXPECT_THAT(lines, Contains(StartsWith("the timing cache is not kept: ")));
}

std::vector<std::string> timed(const LayerChoice& layer) {
  std::vector<std::string> names;
  for (const TacticTime& c : layer.candidates)
    if (c.time_us >= 0) names.push_back(c.tactic);
  return names;
}

TEST(Tuning, TacticsCanBeLeftOut) {
  const BuildReport report =
      build(convolutions(), device(), {.tuning = {.level = 1, .without_tactics = {"onednn"}}}).report;
  for (const LayerChoice& layer : report.layers) EXPECT_THAT(timed(layer), Each(Not(StartsWith("onednn"))));
  try {
    build(convolutions(), device(), {.tuning = {.without_tactics = {"cublas"}}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("no tactic of backend cpu is called \"cublas\" or begins so"));
  }
}

TEST(Tuning, TacticsPerFormatCanBeLimited) {
  const BuildReport all = build(convolutions(), device(), {.tuning = {.level = 1}}).report;
  const BuildReport one = build(convolutions(), device(), {.tuning = {.level = 1, .max_tactics = 1}}).report;
  EXPECT_GT(timed(all.layers[0]).size(), timed(one.layers[0]).size());
  EXPECT_LE(timed(one.layers[0]).size(), 2u);
  EXPECT_THAT(timed(one.layers[0]), Contains(one.layers[0].winner));
}

TEST(Tuning, EffortGrowsWithTheLevel) {
  for (int level = 1; level < 5; ++level) {
    EXPECT_LT(effort_of({.level = level}).most_rounds, effort_of({.level = level + 1}).most_rounds);
    EXPECT_LT(effort_of({.level = level}).budget_us, effort_of({.level = level + 1}).budget_us);
  }
  const TimingEffort exact = effort_of({.level = 5, .rounds = 2});
  EXPECT_EQ(exact.least_rounds, 2u);
  EXPECT_EQ(exact.most_rounds, 2u);
}

}  // namespace
}  // namespace twofour::builder
