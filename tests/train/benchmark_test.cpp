#include "train/benchmark.h"

#include <gmock/gmock.h>

#include "backend/reference_tactic.h"
#include "blobs.h"
#include "models.h"

namespace twofour::train {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

Graph make_net() {
  ModelMaker m({1, 3, 3});
  return m.finish(m.linear(m.builder().op("Flatten", {m.images()}), "fc", 5));
}

class BenchmarkTest : public testing::Test {
 protected:
  std::vector<std::string> run(const BenchmarkOptions& options) {
    std::vector<std::string> lines;
    result = run_benchmark(trainer, options, [&](std::string_view line) { lines.emplace_back(line); });
    return lines;
  }
  backend::ReferenceBackend backend;
  Trainer trainer{make_net(), backend, blob_loader(3, 12, 4), {.time_tactics = false}};
  BenchmarkResult result;
};

constexpr const char* kStep2 = "global_step: 2 images_per_sec: [0-9]+\\.[0-9]";
constexpr const char* kStep4 = "global_step: 4 images_per_sec: [0-9]+\\.[0-9]";
constexpr const char* kStep6 = "global_step: 6 images_per_sec: [0-9]+\\.[0-9]";

TEST_F(BenchmarkTest, PrintsEveryDisplayedStep) {
  EXPECT_THAT(run({.num_iter = 5, .display_every = 2}),
              ElementsAre(MatchesRegex(kStep2), MatchesRegex("epoch: 0 time_taken: [0-9]+\\.[0-9]"),
                          MatchesRegex(kStep4)));
  EXPECT_EQ(result.steps, 5);
  EXPECT_GT(result.images_per_s, 0);
}

TEST_F(BenchmarkTest, CountsEpochs) {
  EXPECT_THAT(run({.num_iter = 2, .unit = IterUnit::kEpoch, .display_every = 6}),
              ElementsAre(MatchesRegex("epoch: 0 .*"), MatchesRegex(kStep6), MatchesRegex("epoch: 1 .*")));
  EXPECT_EQ(result.steps, 6);
}

TEST_F(BenchmarkTest, RefusesNumbersThatAreNotPositive) {
  EXPECT_THROW(run({.num_iter = 0}), Error);
  EXPECT_THROW(run({.display_every = 0}), Error);
}

}  // namespace
}  // namespace twofour::train
