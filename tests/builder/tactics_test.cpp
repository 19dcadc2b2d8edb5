// Tactics files: decisions are kept per layer, replayed, and reported as what they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "builder/tactics_file.h"
#include "ops/builder.h"
#include "support/cpu_device.h"
#include "support/temporary_path.h"

namespace twofour::builder {
namespace {

using ::testing::HasSubstr;

// Two pointwise convolutions of one shape; the weights of the second are 2:4.
Graph twins(const std::string& first = "first", const std::string& second = "second") {
  Graph graph("twins");
  Rng rng(7);
  Value* x = graph.add_input("x", {DType::kF32, {1, 16, 8, 8}});
  for (const bool sparse : {false, true}) {
    Tensor weight(DType::kF32, {16, 16, 1, 1});
    for (float& v : weight.span<float>()) v = rng.normal();
    for (size_t i = 0; sparse && i < 256; i += 2) weight.span<float>()[i] = 0;
    const std::string name = sparse ? second : first;
    ops::Builder b(graph);
    x = b.op("Conv", {x, graph.add_constant(name + ".weight", weight)}, {}, name);
  }
  graph.set_outputs({x});
  return graph;
}

class TacticsFile : public ::testing::Test {
 protected:
  void SetUp() override { path_ = temporary_path("twofour_tactics_test"); }
  void TearDown() override { std::filesystem::remove(path_); }

  static Result built(const Graph& graph, Options options = {.time_tactics = false}) {
    return build(graph.clone(), device(), options);
  }
  Options replay(bool strict = true) const {
    return {.time_tactics = false, .decisions = read_tactics_file(path_, device()), .strict_tactics = strict};
  }
  /// Writes what `graph`'s own build chose, every layer changed by `edit`.
  template <typename Edit>
  void write(const Graph& graph, const Edit& edit) const {
    write_tactics_file(path_, built(graph).report, device());
    Json json = parse_json(read_file(path_), "test");
    for (Json& layer : json["layers"]) edit(layer);
    write_file_atomic(path_, json.dump());
  }
  void refused(const Graph& graph, ErrorCode code, const char* message) const {
    try {
      built(graph, replay());
      ADD_FAILURE() << "built";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }

  std::filesystem::path path_;
};

void unchanged(Json&) {}

std::vector<std::string> steps(const Result& result) {
  std::vector<std::string> list;
  for (const auto& step : result.engine->plan().steps) list.push_back(step.name + " " + step.tactic);
  return list;
}

TEST_F(TacticsFile, LayersOfOneShapeHaveTheirOwnDecisions) {
  const Result result = built(twins());
  if (max_isa() >= Isa::kAvx2) {
    EXPECT_EQ(result.report.sparse_layers(), std::vector<std::string>{"second"});
  }
  write(twins(), unchanged);
  EXPECT_EQ(steps(built(twins(), replay())), steps(result));
}

TEST_F(TacticsFile, RenamedLayersGoByTheirSignature) {
  write(twins(), unchanged);
  const Result renamed = built(twins("a", "b"), replay());
  EXPECT_EQ(renamed.report.sparse_layers().size(), built(twins()).report.sparse_layers().size());
}

TEST_F(TacticsFile, ReplayIsReportedAsSuch) {
  const Result first = built(twins());
  for (const LayerChoice& layer : first.report.layers) {
    EXPECT_FALSE(layer.replayed);
    for (const TacticTime& c : layer.candidates)
      EXPECT_EQ(c.declined, c.tactic == layer.winner ? "" : c.could_run ? "was not timed" : c.declined);
  }
  write(twins(), [](Json& layer) { layer["tactic"] = "onednn.conv"; });
  const BuildReport report = built(twins(), replay()).report;
  for (const LayerChoice& layer : report.layers) {
    EXPECT_TRUE(layer.replayed);
    EXPECT_EQ(layer.winner, "onednn.conv");
    EXPECT_GT(layer.candidates.size(), 2u) << "what else could run it";
  }
  if (max_isa() >= Isa::kAvx2) {
    EXPECT_THAT(report.layers[0].verdict(), HasSubstr("the weight is not 2:4 sparse"));
    EXPECT_EQ(report.layers[1].verdict(), "dense: sparse is not what the tactics file says");
    write(twins(), unchanged);
    EXPECT_EQ(built(twins(), replay()).report.layers[1].verdict(), "sparse (replayed)");
  }
}

TEST_F(TacticsFile, MayInsistOnTheReferenceAndOnAFormat) {
  write(twins(), [](Json& layer) { layer["tactic"] = "reference"; });
  EXPECT_THAT(steps(built(twins(), replay())), ::testing::Each(HasSubstr("reference")));
  write(twins(), [](Json& layer) {
    layer["tactic"] = "onednn.conv";
    layer["format"] = "nhwc";
  });
  Options timed = replay();
  timed.time_tactics = true;
  for (const Options& options : {replay(), timed}) {
    const BuildReport report = built(twins(), options).report;
    ASSERT_EQ(report.layers.size(), 4u);
    EXPECT_EQ(report.layers[2].op, "Reorder");
    EXPECT_EQ(report.layers[2].best_us(false) >= 0, options.time_tactics);
    EXPECT_EQ(report.layers[2].verdict(), "");
  }
}

TEST_F(TacticsFile, StrictReplayNamesTheLayer) {
  write(twins(), [](Json& layer) { layer["tactic"] = "cuda.conv"; });
  refused(twins(), ErrorCode::kFailedPrecondition,
          "node \"first\" (Conv) cannot replay tactic cuda.conv (nchw) from ");
  EXPECT_NO_THROW(built(twins(), replay(false)));
  write(twins(), [](Json& layer) { layer["signature"] = "another"; });
  refused(twins(), ErrorCode::kNotFound, "node \"first\" (Conv) has no decision in ");
  write(twins(), [](Json& layer) { layer["tactic"] = "onednn.pool"; });
  refused(twins(), ErrorCode::kFailedPrecondition, "cannot replay tactic onednn.pool");
}

TEST_F(TacticsFile, MalformedFilesAreRefused) {
  refused(twins(), ErrorCode::kNotFound, "twofour_tactics_test");
  write_file_atomic(path_, "{\"kind\": ");
  refused(twins(), ErrorCode::kDataCorrupt, "while reading tactics from");
  write_file_atomic(path_, "{\"kind\": \"twofour tactics 1\"}");
  refused(twins(), ErrorCode::kDataCorrupt, "it is not a tactics file of this version");
  write(twins(), [](Json& layer) { layer["format"] = "nchw32c"; });
  refused(twins(), ErrorCode::kDataCorrupt, "layer \"first\" has unknown format \"nchw32c\"");
  write(twins(), [](Json& layer) { layer.erase("tactic"); });
  refused(twins(), ErrorCode::kDataCorrupt, "it is malformed");
  write_file_atomic(path_,
                    R"({"kind": "twofour tactics 2", "backend": "cpu", "device": "abacus", "layers": []})");
  refused(twins(), ErrorCode::kFailedPrecondition, "it was written for cpu (abacus)");
}

}  // namespace
}  // namespace twofour::builder
