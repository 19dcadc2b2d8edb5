#include "sparsity/prune.h"

#include <limits>

#include "base/json.h"
#include "base/log.h"
#include "ops/builder.h"
#include "sparsity/mask.h"
#include "sparsity/metadata.h"
#include "sparsity/training_masks.h"
#include "testing.h"

namespace twofour::sparsity {
namespace {

using testing::ElementsAre;

// stem (C=3, cannot be pruned) -> conv1 -> conv2.
Graph small_net() {
  Graph graph("net");
  ops::Builder b(graph);
  const auto weight = [&](const char* name, const Shape& shape, uint64_t seed) {
    Value* value = graph.add_constant(name, random_tensor(shape, seed));
    value->set_trainable(true);
    return value;
  };
  Value* x = graph.add_input("x", {DType::kF32, {Dim::named("N"), 3, 9, 9}});
  x = b.op("Relu", {b.op("Conv", {x, weight("stem.weight", {8, 3, 3, 3}, 1)}, {}, "stem")});
  x = b.op("Relu", {b.op("Conv", {x, weight("conv1.weight", {12, 8, 3, 3}, 2)}, {}, "conv1")});
  x = b.op("Conv", {x, weight("conv2.weight", {5, 12, 1, 1}, 3)}, {}, "conv2");
  graph.set_outputs({x});
  return graph;
}

TEST(Prune, WritesThePatternAndReportsEveryLayer) {
  Graph graph = small_net();
  const auto rows = prune(graph);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].layer.reason, Reason::kAxisNotMultipleOf4);
  EXPECT_EQ(rows[0].layer.zeros, 0);
  EXPECT_EQ(rows[0].magnitude_kept, 1);
  for (const size_t i : {1u, 2u}) {
    EXPECT_EQ(rows[i].layer.reason, Reason::kEligible);
    EXPECT_TRUE(rows[i].layer.is_sparse());
    EXPECT_EQ(rows[i].zeros_before, 0);
    EXPECT_EQ(rows[i].layer.zeros, 0.5);
    // Gaussian weights keep 74.5 % of their magnitude.
    EXPECT_NEAR(rows[i].magnitude_kept, 0.745, 0.06);
    EXPECT_EQ(to_json(rows[i])["violations"], 0);
  }
  for (const WeightCheck& check : verify_sparsity(graph)) EXPECT_EQ(check.problem, "");
  EXPECT_TRUE(graph.find_value("conv1.weight")->trainable());
  EXPECT_EQ(
      graph.metadata().at(kMetadataKey),
      R"({"pattern":"2:4","weights":[{"name":"conv1.weight","axis":1},{"name":"conv2.weight","axis":1}]})");
}

TEST(Prune, LeavesClonesAndTheirDataAlone) {
  Graph graph = small_net();
  const Graph before = graph.clone();
  prune(graph);
  EXPECT_EQ(zero_fraction(before.find_value("conv1.weight")->data()), 0);
  EXPECT_TRUE(before.metadata().empty());
}

TEST(Prune, IsIdempotent) {
  Graph graph = small_net();
  prune(graph);
  const Tensor once = graph.find_value("conv1.weight")->data();
  const auto rows = prune(graph);
  EXPECT_EQ(rows[1].zeros_before, 0.5);
  EXPECT_EQ(rows[1].magnitude_kept, 1);
  EXPECT_TRUE(std::ranges::equal(once.span<float>(), graph.find_value("conv1.weight")->data().span<float>()));
}

TEST(Prune, ObeysNames) {
  Graph graph = small_net();
  const auto rows = prune(graph, {.include = {"conv*"}, .exclude = {"*2"}});
  EXPECT_EQ(rows[0].layer.reason, Reason::kExcluded);
  EXPECT_EQ(rows[1].layer.reason, Reason::kEligible);
  EXPECT_EQ(rows[2].layer.reason, Reason::kExcluded);
  EXPECT_EQ(zero_fraction(graph.find_value("conv2.weight")->data()), 0);
  // A second, complementary pruning adds to the first.
  prune(graph, {.include = {"conv2"}});
  EXPECT_EQ(read_metadata(graph).size(), 2u);
  expect_error([&] { prune(graph, {.exclude = {"fc*"}}); }, ErrorCode::kNotFound, "\"fc*\" matches no layer");
}

TEST(Prune, ChangesNothingWhenAWeightIsNan) {
  Graph graph = small_net();
  Tensor broken = random_tensor({5, 12, 1, 1}, 3);
  broken.span<float>()[17] = std::numeric_limits<float>::quiet_NaN();
  graph.find_value("conv2.weight")->set_data(broken);
  expect_error([&] { prune(graph); }, ErrorCode::kInvalidArgument,
               "NaN at [1,5,0,0]; while pruning node \"conv2\" (Conv)");
  EXPECT_EQ(zero_fraction(graph.find_value("conv1.weight")->data()), 0);
  EXPECT_TRUE(graph.metadata().empty());
}

TEST(Prune, RefusesANegativeSize) {
  Graph graph = small_net();
  expect_error([&] { prune(graph, {.eligibility = {.min_elements = -1}}); }, ErrorCode::kInvalidArgument,
               "at least -1 elements");
}

TEST(VerifySparsity, FindsWhatTrainingBroke) {
  Graph graph = small_net();
  prune(graph);
  Tensor dense = graph.find_value("conv1.weight")->data().clone();
  // Block [2, 4..7, 0, 1] gets four non-zeros.
  for (size_t c = 4; c < 8; ++c) dense.span<float>()[2 * 72 + c * 9 + 1] = 1;
  graph.find_value("conv1.weight")->set_data(dense);
  const auto checks = verify_sparsity(graph);
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[0].violations.count, 1);
  EXPECT_THAT(checks[0].violations.first, ElementsAre(2, 4, 0, 1));
  EXPECT_EQ(checks[0].problem, "1 of 216 blocks have more than two non-zeros, the first at [2,4,0,1]");
  EXPECT_EQ(checks[1].problem, "");
  expect_error([&] { require_sparsity(graph); }, ErrorCode::kFailedPrecondition,
               "the metadata calls weight \"conv1.weight\" 2:4, but 1 of 216 blocks");
}

TEST(VerifySparsity, StaleMarksAreDroppedAndTheOthersStay) {
  Graph graph = small_net();
  prune(graph);
  graph.find_value("conv1.weight")->set_data(random_tensor({12, 8, 3, 3}, 9));
  const auto masks = masks_for_training(graph, MaskMode::kAuto);
  EXPECT_EQ(masks.size(), 1u);
  EXPECT_TRUE(masks.contains("conv2.weight"));
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  drop_stale_marks(graph);
  EXPECT_EQ(read_metadata(graph), (std::vector<SparsePattern>{{"conv2.weight", 1}}));
  graph.metadata()[kMetadataKey] = "{";
  drop_stale_marks(graph);
  set_log_sink({});
  EXPECT_FALSE(graph.metadata().contains(kMetadataKey));
  EXPECT_THAT(lines, ElementsAre(testing::HasSubstr("the 2:4 mark of \"conv1.weight\" is dropped: "),
                                 testing::HasSubstr("the 2:4 marks are dropped: ")));
}

TEST(VerifySparsity, FindsMetadataThatDoesNotFitTheGraph) {
  Graph graph = small_net();
  write_metadata(graph,
                 std::vector<SparsePattern>{{"gone", 1}, {"conv1.weight", 0}, {"stem.weight", 1}, {"x", 1}});
  const auto checks = verify_sparsity(graph);
  ASSERT_EQ(checks.size(), 4u);
  EXPECT_EQ(checks[0].problem, "there is no such weight");
  EXPECT_EQ(checks[1].problem, "node \"conv1\" (Conv) reduces along axis 1, not 0");
  EXPECT_EQ(checks[2].problem, "blocks of four do not fit shape 8x3x3x3");
  EXPECT_EQ(checks[3].problem, "the weight is not constant");
}

TEST(Metadata, RefusesWhatItDidNotWrite) {
  Graph graph = small_net();
  EXPECT_TRUE(read_metadata(graph).empty());
  const auto refused = [&](const char* text, ErrorCode code, const char* message) {
    graph.metadata()[kMetadataKey] = text;
    expect_error([&] { read_metadata(graph); }, code, message);
  };
  refused("{", ErrorCode::kDataCorrupt, kMetadataKey);
  refused("[]", ErrorCode::kDataCorrupt, "metadata twofour.sparsity is malformed");
  refused(R"({"pattern":"1:2","weights":[]})", ErrorCode::kUnsupported, "the pattern 1:2; only 2:4");
  refused(R"({"pattern":"2:4"})", ErrorCode::kDataCorrupt, "malformed");
  refused(R"({"pattern":"2:4","weights":[{"name":"w","axis":-1}]})", ErrorCode::kDataCorrupt, "the axis -1");
  refused(R"({"pattern":"2:4","weights":[{"name":3,"axis":1}]})", ErrorCode::kDataCorrupt, "malformed");
}

TEST(MasksForTraining, ComeFromMetadataOrZeros) {
  Graph graph = small_net();
  EXPECT_TRUE(masks_for_training(graph, MaskMode::kAuto).empty());
  expect_error([&] { masks_for_training(graph, MaskMode::kKeep); }, ErrorCode::kFailedPrecondition,
               "no weight of the model is 2:4 sparse; prune it first");
  const Tensor expected = magnitude_mask(graph.find_value("conv1.weight")->data(), 1);
  prune(graph, {.include = {"conv1"}});
  auto masks = masks_for_training(graph, MaskMode::kAuto);
  ASSERT_EQ(masks.size(), 1u);
  EXPECT_EQ(bools(masks.at("conv1.weight")), bools(expected));
  EXPECT_TRUE(masks_for_training(graph, MaskMode::kNone).empty());
  // A file of another tool: zeros, no metadata. A layer of zeros only is not pruned.
  graph.metadata().clear();
  graph.find_value("conv2.weight")->set_data(Tensor(DType::kF32, {5, 12, 1, 1}));
  for (const MaskMode mode : {MaskMode::kAuto, MaskMode::kKeep}) {
    masks = masks_for_training(graph, mode);
    ASSERT_EQ(masks.size(), 1u);
    EXPECT_EQ(bools(masks.at("conv1.weight")), bools(expected));
  }
  // What is frozen keeps its zeros without a mask.
  graph.find_value("conv1.weight")->set_trainable(false);
  EXPECT_TRUE(masks_for_training(graph, MaskMode::kAuto).empty());
}

}  // namespace
}  // namespace twofour::sparsity
