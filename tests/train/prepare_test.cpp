#include "train/prepare.h"

#include <gmock/gmock.h>

#include "base/errors.h"
#include "base/log.h"
#include "models.h"

namespace twofour::train {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> ops;
  for (const auto& node : graph.nodes()) ops.push_back(node->op());
  return ops;
}

std::vector<std::string> names_of(const std::vector<Value*>& values) {
  std::vector<std::string> names;
  for (const Value* value : values) names.push_back(value->name());
  return names;
}

class LogLines {
 public:
  LogLines() {
    set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
  }
  ~LogLines() { set_log_sink({}); }
  std::vector<std::string> lines;
};

TEST(Prepare, BatchNormTakesTheReluThatAloneReadsIt) {
  const TrainingForward forward = prepare_training(make_block(), 2, {3, 7, 5});
  EXPECT_THAT(ops_of(forward.graph),
              ElementsAre("Conv", "BatchNormTrain", "Conv", "BatchNormTrain", "Conv", "BatchNormTrain", "Add",
                          "Relu", "GlobalAveragePool", "Flatten", "Gemm"));
  EXPECT_EQ(forward.graph.find_node("bn1")->attrs().i("relu", -1), 1);
  EXPECT_EQ(forward.graph.find_node("bn2")->attrs().i("relu", -1), 0);
  EXPECT_FLOAT_EQ(forward.graph.find_node("bn1")->attrs().f("momentum", 0), 0.8F);
  EXPECT_FLOAT_EQ(forward.graph.find_node("bn1")->attrs().f("epsilon", 0), 1e-3F);
  EXPECT_EQ(forward.scores->type().to_string(), "f32[2,4]");
}

TEST(Prepare, ReluThatIsNotAloneStays) {
  ModelMaker m({2, 4, 4});
  Value* norm = m.norm(m.conv(m.images(), "conv", 3, 3, 1), "bn");
  Value* both = m.builder().add(m.relu(norm, "relu"), norm);
  const TrainingForward forward =
      prepare_training(m.finish(m.linear(m.global_pool(both), "fc", 2)), 2, {2, 4, 4});
  EXPECT_THAT(ops_of(forward.graph), Contains("Relu"));
  EXPECT_EQ(forward.graph.find_node("bn")->attrs().i("relu", -1), 0);
}

TEST(Prepare, StatisticsAreInputsAndNoParameters) {
  const TrainingForward forward = prepare_training(make_block(), 2, {3, 7, 5});
  EXPECT_THAT(names_of(forward.parameters),
              ElementsAre("conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias",
                          "down.weight", "down_bn.weight", "down_bn.bias", "fc.weight", "fc.bias"));
  ASSERT_EQ(forward.statistics.size(), 6U);
  EXPECT_EQ(forward.statistics[1].current->name(), "bn1.var");
  EXPECT_EQ(forward.statistics[1].current->producer(), nullptr);
  EXPECT_FALSE(forward.statistics[1].current->is_constant());
}

TEST(Prepare, DropoutAndSoftmaxGoAndAreLogged) {
  const LogLines log;
  ModelMaker m({7});
  Value* v = m.builder().op("Dropout", {m.linear(m.images(), "fc", 3)}, {}, "drop");
  const TrainingForward forward =
      prepare_training(m.finish(m.builder().op("Softmax", {v}, {{"axis", int64_t{-1}}}, "prob")), 2, {7});
  EXPECT_THAT(ops_of(forward.graph), ElementsAre("Gemm"));
  EXPECT_THAT(log.lines, Contains(HasSubstr("\"drop\" (Dropout)")));
  EXPECT_THAT(log.lines, Contains(HasSubstr("\"prob\" (Softmax)")));
}

TEST(Prepare, TheModelItselfIsNotChanged) {
  const Graph model = make_block();
  const auto before = ops_of(model);
  prepare_training(model, 2, {3, 7, 5});
  EXPECT_EQ(ops_of(model), before);
  EXPECT_TRUE(model.find_value("bn1.mean")->is_constant());
}

TEST(Prepare, SharedStatisticsAreSplit) {
  ModelMaker m({2, 4, 4});
  Value* first = m.norm(m.conv(m.images(), "conv1", 3, 3, 1), "bn1");
  Value* second = m.norm(m.conv(first, "conv2", 3, 3, 1), "bn2");
  Graph model = m.finish(m.linear(m.global_pool(second), "fc", 2));
  Node* bn2 = model.find_node("bn2");
  for (const size_t i : {3, 4}) model.set_input(bn2, i, model.find_node("bn1")->input(i));
  const Tensor shared = bn2->input(3)->data();
  unshare_norms(model);
  EXPECT_NE(bn2->input(3), model.find_node("bn1")->input(3));
  EXPECT_NE(bn2->input(3)->data().raw(), shared.raw());
  EXPECT_EQ(prepare_training(model, 2, {2, 4, 4}).statistics.size(), 4U);
}

TEST(Prepare, AFrozenBatchNormKeepsItsStatistics) {
  Graph model = make_block();
  for (const char* name : {"bn1.weight", "bn1.bias"}) model.find_value(name)->set_trainable(false);
  const TrainingForward forward = prepare_training(model, 2, {3, 7, 5});
  EXPECT_EQ(forward.graph.find_node("bn1")->op(), "BatchNormalization");
  EXPECT_EQ(forward.graph.find_node("bn2")->op(), "BatchNormTrain");
  EXPECT_EQ(forward.statistics.size(), 4U);
}

TEST(Prepare, OneValuePerChannelIsRefused) {
  ModelMaker m({2, 4, 4});
  Value* pooled = m.builder().op("GlobalAveragePool", {m.conv(m.images(), "conv", 3, 3, 1)}, {}, "pool");
  const Graph model = m.finish(m.linear(m.builder().op("Flatten", {m.norm(pooled, "bn")}), "fc", 2));
  EXPECT_ERROR(prepare_training(model, 1, {2, 4, 4}), kInvalidArgument,
               "\"bn\" (BatchNormalization) normalises over one value per channel");
  EXPECT_EQ(prepare_training(model, 2, {2, 4, 4}).statistics.size(), 2U);
}

TEST(Prepare, HalfPrecisionWeightsBehindACastAreWidened) {
  ModelMaker m({4});
  Value* half = m.builder().constant("w", random_tensor({4, 3}, 1, -1, 1).to(DType::kF16));
  half->set_trainable(true);
  Graph model = m.finish(m.builder().op("MatMul", {m.images(), m.builder().cast(half, DType::kF32)}));
  widen_weights(model);
  EXPECT_EQ(model.nodes().size(), 1U);
  EXPECT_EQ(model.find_value("w")->type().to_string(), "f32[4,3]");
  EXPECT_EQ(names_of(prepare_training(model, 2, {4}).parameters), std::vector<std::string>{"w"});
}

// Exporters merge zeros: a bias of a convolution, a bias and a mean of a batch norm.
TEST(Prepare, AMeanIsSplitFromParametersOfEqualValue) {
  ModelMaker m({2, 4, 4});
  Graph model =
      m.finish(m.linear(m.global_pool(m.norm(m.conv(m.images(), "conv", 3, 3, 1, true), "bn")), "fc", 2));
  Value* zeros = model.find_value("conv.bias");
  Node* norm = model.find_node("bn");
  for (const size_t i : {2, 3}) model.set_input(norm, i, zeros);
  unshare_norms(model);
  EXPECT_EQ(norm->input(2), zeros);
  EXPECT_NE(norm->input(3), zeros);
  EXPECT_THAT(names_of(prepare_training(model, 2, {2, 4, 4}).parameters), Contains("conv.bias"));
}

TEST(Prepare, RefusesModelsThatItCannotTrain) {
  EXPECT_ERROR(prepare_training(make_block(), 2, {3, 7, 6}), kInvalidArgument,
               "input \"images\" of the model is f32[N,3,7,5]");
  EXPECT_ERROR(prepare_training(make_block(), 0, {3, 7, 5}), kInvalidArgument, "batch size is 0");

  ModelMaker no_scores({2, 4, 4});
  const Graph conv_only = no_scores.finish(no_scores.conv(no_scores.images(), "conv", 3, 3, 1));
  EXPECT_ERROR(prepare_training(conv_only, 2, {2, 4, 4}), kInvalidArgument, "expected f32[2,classes]");

  Graph frozen = make_mlp();
  for (const auto& value : frozen.values()) value->set_trainable(false);
  EXPECT_ERROR(prepare_training(frozen, 2, {7}), kUnsupported, "no trainable weight");

  Graph two = make_mlp();
  two.set_outputs({two.outputs()[0], two.find_node("relu")->output()});
  EXPECT_ERROR(prepare_training(two, 2, {7}), kInvalidArgument, "2 outputs");
}

}  // namespace
}  // namespace twofour::train
