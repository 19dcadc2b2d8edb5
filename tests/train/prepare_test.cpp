#include "train/prepare.h"

#include <gmock/gmock.h>

#include "base/errors.h"
#include "base/log.h"
#include "ir/parse.h"
#include "models.h"
#include "train/image_layout.h"

namespace twofour::train {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
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

TEST(Prepare, ImagesWithChannelsLastAreTakenWithChannelsFirst) {
  ModelMaker m({7, 5, 3});
  Value* turned = m.builder().transpose(m.images(), {0, 3, 1, 2});
  const Graph model = m.finish(m.linear(m.global_pool(m.conv(turned, "conv", 4, 3, 1)), "fc", 2));
  const TrainingForward forward = prepare_training(model, 2, {3, 7, 5});
  EXPECT_EQ(forward.images->type().to_string(), "f32[2,3,7,5]");
  const Tensor first = random_tensor({2, 3, 7, 5}, 1, -1, 1);
  const Tensor last(DType::kF32, {2, 7, 5, 3});
  for (size_t n = 0; n < 2; ++n)
    for (size_t c = 0; c < 3; ++c)
      for (size_t i = 0; i < 35; ++i)
        last.span<float>()[(n * 35 + i) * 3 + c] = first.span<float>()[(n * 3 + c) * 35 + i];
  EXPECT_THAT(as_taken(first, model.inputs()[0]->dims()).span<float>(), ElementsAreArray(last.span<float>()));
  EXPECT_THAT(ops::evaluate(forward.graph, {{first}})[0].span<float>(),
              ElementsAreArray(ops::evaluate(model, {{last}})[0].span<float>()));
}

TEST(Prepare, OnlyAModelThatCannotHaveChannelsFirstHasThemLast) {
  const auto last = [](Dims dims) {
    dims.insert(dims.begin(), Dim::named("N"));
    return has_channels_last(dims);
  };
  EXPECT_TRUE(last({224, 224, 3}));
  EXPECT_TRUE(last({Dim(), Dim(), 1}));
  EXPECT_FALSE(last({3, 224, 3}));
  EXPECT_FALSE(last({3, Dim(), Dim()}));
  EXPECT_FALSE(last({8, 8, 8}));
}

TEST(Prepare, SaysWhatToDoAboutOtherTypes) {
  Graph bytes = make_mlp();
  bytes.inputs()[0]->set_type({DType::kU8, bytes.inputs()[0]->dims()});
  EXPECT_ERROR(prepare_training(bytes, 2, {7}), kInvalidArgument,
               "is u8[N,7]; images come as f32, scaled and normalised: export the model with an f32 input");

  Graph half = parse_graph(R"(graph "between casts" {
    input %x: f32[N,2,4,4]
    const %w: f16[3,2,1,1] = [1, 2, 3, 4, 5, 6]
    const %ones: f16[3] = [1, 1, 1]
    const %zeros: f16[3] = [0, 0, 0]
    %a = Cast(%x) {to="f16"}
    %b = Conv(%a, %w)
    %c = BatchNormalization(%b, %ones, %zeros, %zeros, %ones)
    %d = GlobalAveragePool(%c)
    %e = Flatten(%d)
    %y = Cast(%e) {to="f32"}
    output %y
  })");
  ops::infer_all(half);
  half.find_value("w")->set_trainable(true);
  EXPECT_ERROR(prepare_training(half, 2, {2, 4, 4}), kUnsupported,
               "weight \"w\" is f16; training keeps f32 masters: convert the model to f32 first");
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
