#include "train/trainer.h"

#include <gmock/gmock.h>

#include <cmath>

#include "backend/reference_tactic.h"
#include "base/errors.h"
#include "base/log.h"
#include "blobs.h"
#include "data/memory_dataset.h"
#include "models.h"
#include "sparsity/mask.h"
#include "train/evaluate.h"

namespace twofour::train {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// conv, batch norm, ReLU, pool, conv, ReLU, global pool, linear on 1x8x8 images.
Graph make_cnn() {
  ModelMaker m({1, 8, 8});
  Value* v = m.max_pool(m.relu(m.norm(m.conv(m.images(), "conv1", 8, 3, 1), "bn1"), "relu1"), "pool1");
  v = m.relu(m.norm(m.conv(v, "conv2", 8, 3, 2), "bn2"), "relu2");
  return m.finish(m.linear(m.builder().op("Flatten", {v}, {}, "flat"), "fc", 4));
}

Graph make_flat_mlp() {
  ModelMaker m({1, 8, 8});
  Value* v = m.relu(m.linear(m.builder().op("Flatten", {m.images()}), "fc1", 16), "relu");
  return m.finish(m.linear(v, "fc2", 4));
}

TrainerOptions small_options() { return {.time_tactics = false}; }

OptimizerState small_sgd() { return {.sgd = {.lr = 0.05, .weight_decay = 1e-3}}; }

const backend::ReferenceBackend kBackend;

OptimizerState conv2_mask(const Graph& model) {
  return {.sgd = {.lr = 0.05, .nesterov = true, .weight_decay = 1e-3},
          .masks = {{"conv2.weight", sparsity::magnitude_mask(model.find_value("conv2.weight")->data(), 1)}}};
}

bool zero_outside(const Tensor& weight, const Tensor& mask) {
  for (size_t i = 0; i < weight.span<float>().size(); ++i)
    if (!mask.span<bool>()[i] && weight.span<float>()[i] != 0.0F) return false;
  return true;
}

TEST(Trainer, LearnsWithMlpAndCnn) {
  for (const auto make : {make_flat_mlp, make_cnn}) {
    Trainer trainer(make(), kBackend, blob_loader(8, 256, 16), small_options(), small_sgd());
    const auto test = blob_loader(8, 100, 16, 77, false);
    EXPECT_LT(evaluate(trainer.model(), kBackend, *test, 16).accuracy(), 0.8);
    int64_t calls = 0;
    for (int epoch = 0; epoch < 3; ++epoch) trainer.train_epoch([&](const Progress&) { ++calls; });
    EXPECT_EQ(calls, 3 * 16);
    const Evaluation result = evaluate(trainer.model(), kBackend, *test, 16);
    EXPECT_EQ(result.images, 100);
    EXPECT_GT(result.accuracy(), 0.95);
    ASSERT_EQ(trainer.history().size(), 3U);
    EXPECT_LT(trainer.history()[2].loss, trainer.history()[0].loss);
    EXPECT_EQ(trainer.history()[1].epoch, 1);
    EXPECT_GT(trainer.history()[2].images_per_s, 0);
    EXPECT_EQ(trainer.position().step, 48);
  }
}

// A model evaluates the same whatever the batch size, the last batch included.
TEST(Trainer, EvaluationDoesNotDependOnTheBatchSize) {
  const Graph model = make_cnn();
  const auto correct = [&](int64_t batch) {
    return evaluate(model, kBackend, *blob_loader(8, 50, batch, 5, false), batch).correct;
  };
  EXPECT_EQ(correct(50), correct(16));
  EXPECT_EQ(correct(50), correct(7));
}

TEST(Trainer, MaskedWeightsStayExactlyZero) {
  const Graph model = make_cnn();
  const OptimizerState optimizer = conv2_mask(model);
  Trainer trainer(model.clone(), kBackend, blob_loader(8, 128, 16), small_options(), optimizer);
  const Tensor& mask = optimizer.masks.at("conv2.weight");
  EXPECT_TRUE(zero_outside(trainer.model().find_value("conv2.weight")->data(), mask));
  trainer.train_epoch();
  const Graph trained = trainer.model();
  EXPECT_TRUE(zero_outside(trained.find_value("conv2.weight")->data(), mask));
  EXPECT_TRUE(zero_outside(trainer.optimizer().momentum.at("conv2.weight"), mask));
  EXPECT_FALSE(zero_outside(model.find_value("conv2.weight")->data(), mask))
      << "the caller's graph was changed";
}

TEST(Trainer, ModelHasTheParametersAndStatistics) {
  const Graph model = make_cnn();
  Trainer trainer(model.clone(), kBackend, blob_loader(8, 64, 16), small_options(), small_sgd());
  trainer.step();
  const Graph trained = trainer.model();
  for (const char* name : {"conv1.weight", "bn1.bias", "bn1.mean", "bn2.var", "fc.bias"}) {
    const auto a = model.find_value(name)->data().span<float>();
    const auto b = trained.find_value(name)->data().span<float>();
    EXPECT_FALSE(std::ranges::equal(a, b)) << name;
    EXPECT_TRUE(trained.find_value(name)->trainable());
  }
}

TEST(Trainer, OptimizerStateGoesOn) {
  const Graph model = make_flat_mlp();
  Trainer first(model.clone(), kBackend, blob_loader(8, 64, 16), small_options(), small_sgd());
  first.step();
  EXPECT_EQ(first.optimizer().sgd.weight_decay, 1e-3);
  Trainer second(first.model(), kBackend, blob_loader(8, 64, 16), small_options(), first.optimizer());
  EXPECT_EQ(std::ranges::equal(second.optimizer().momentum.at("fc1.weight").span<float>(),
                               first.optimizer().momentum.at("fc1.weight").span<float>()),
            true);
}

TEST(Trainer, HistoryKeepsTheTestAccuracy) {
  Trainer trainer(make_flat_mlp(), kBackend, blob_loader(8, 64, 16), small_options(), small_sgd());
  const auto test = blob_loader(8, 50, 16, 77, false);
  trainer.evaluate(*test);  // before the first epoch there is nothing to keep it in
  trainer.train_epoch();
  EXPECT_EQ(trainer.history()[0].test_accuracy, std::nullopt);
  const Evaluation result = trainer.evaluate(*test);
  EXPECT_EQ(trainer.history()[0].test_accuracy, result.accuracy());
}

TEST(Trainer, DeniedNodesStayFp32) {
  TrainerOptions options = small_options();
  options.precision = Precision::kF16;
  options.force_half = true;
  options.deny_half = {"conv*"};
  const Trainer trainer(make_cnn(), kBackend, blob_loader(8, 64, 16), options, small_sgd());
  for (const amp::NodePaint& node : trainer.paint_report().nodes)
    EXPECT_TRUE(!node.name.starts_with("conv") || node.why == amp::Why::kDeniedByName) << node.name;
  EXPECT_GT(trainer.paint_report().half_nodes, 0U);
}

TEST(Trainer, NeedsAClassForEveryScore) {
  const auto train = [](std::vector<std::string> classes) {
    auto images = std::make_shared<data::MemoryDataset>(
        Shape{1, 8, 8}, std::move(classes), std::vector<uint8_t>(8 * 64), std::vector<int64_t>(8));
    auto loader = std::make_shared<data::Loader>(std::move(images), data::LoaderOptions{.batch_size = 4});
    Trainer(make_flat_mlp(), kBackend, std::move(loader), small_options(), small_sgd()).train_epoch();
  };
  EXPECT_ERROR(train({"bird", "cat"}), kInvalidArgument,
               "the 2 classes bird, cat, the model gives 4 scores: its labels cannot be told; --class_names "
               "needs all 4");
  train({"0", "1"});
  train({"bird", "cat", "dog", "eel"});
}

TEST(Trainer, HalfWithoutHardwareSaysSoOnceAndTrainsInFp32) {
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel level, std::string_view line) {
    if (level == LogLevel::kWarning) warnings.emplace_back(line);
  });
  TrainerOptions options = small_options();
  options.precision = Precision::kF16;
  Trainer trainer(make_cnn(), kBackend, blob_loader(8, 64, 16), options, small_sgd());
  trainer.step();
  set_log_sink({});
  EXPECT_EQ(trainer.precision().used, Precision::kF32);
  EXPECT_THAT(warnings, testing::ElementsAre(AllOf(HasSubstr("fp16 asked for, training in fp32"),
                                                   HasSubstr("no suitable hardware"))));
  EXPECT_EQ(trainer.precision().note, warnings[0]);
}

TEST(Trainer, ForcedHalfLearnsWithLessActivationMemory) {
  TrainerOptions options = small_options();
  Trainer full(make_cnn(), kBackend, blob_loader(8, 256, 16), options, small_sgd());
  options.precision = Precision::kF16;
  options.force_half = true;
  Trainer half(make_cnn(), kBackend, blob_loader(8, 256, 16), options, small_sgd());
  EXPECT_EQ(half.precision().used, Precision::kF16);
  EXPECT_LT(half.memory().activation_bytes, full.memory().activation_bytes);
  for (int epoch = 0; epoch < 3; ++epoch) half.train_epoch();
  EXPECT_GT(evaluate(half.model(), kBackend, *blob_loader(8, 96, 16, 77), 16).accuracy(), 0.9);
  EXPECT_GE(half.history()[2].loss_scale, 1);
}

TEST(Trainer, DivergenceIsAnErrorThatNamesTheLoss) {
  Trainer trainer(make_flat_mlp(), kBackend, blob_loader(8, 256, 16), small_options(), {.sgd = {.lr = 1e30}});
  const Error error = error_of([&] { trainer.train_epoch(); });
  EXPECT_EQ(error.code(), ErrorCode::kFailedPrecondition);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("training has diverged: the loss of step"), HasSubstr("learning rate")));
}

TEST(Trainer, DivergenceAtTheFloorNamesScaleAndGradient) {
  Graph model = make_flat_mlp();
  model.find_value("fc2.weight")->set_data(random_tensor({4, 16}, 3, 2e38F, 3e38F));
  TrainerOptions options = small_options();
  options.loss_scaling = LossScaling{.mode = LossScaling::Mode::kDynamic, .init_scale = 8, .min_scale = 2};
  Trainer trainer(std::move(model), kBackend, blob_loader(8, 256, 16), options, small_sgd());
  EXPECT_TRUE(trainer.step().skipped);  // 8
  EXPECT_EQ(trainer.step().loss_scale, 4);
  const Error error = error_of([&] { trainer.step(); });
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("loss of step 2 is "), HasSubstr("floor of 2"), HasSubstr("\"fc2.bias\"")));
}

TEST(Trainer, WeightsThatAreNotFiniteAreRefusedAtOnce) {
  Graph model = make_flat_mlp();
  model.find_value("fc2.weight")->set_data(random_tensor({4, 16}, 3, NAN, NAN));
  EXPECT_ERROR(Trainer(std::move(model), kBackend, blob_loader(8, 64, 16), small_options(), small_sgd()),
               kFailedPrecondition, "weight \"fc2.weight\" of the model has the value");
}

// Steps that are skipped above the floor of the loss scale do not end a run, but an epoch of them has no
// loss.
TEST(Trainer, AnEpochWithoutALossIsAnError) {
  Graph model = make_flat_mlp();
  model.find_value("fc2.weight")->set_data(random_tensor({4, 16}, 3, 2e38F, 3e38F));
  TrainerOptions options = small_options();
  options.loss_scaling = LossScaling::dynamic();
  Trainer trainer(std::move(model), kBackend, blob_loader(8, 64, 16), options, small_sgd());
  EXPECT_ERROR(trainer.train_epoch(), kFailedPrecondition,
               "none of the 4 steps of epoch 1 gave a finite one");
}

TEST(Trainer, RefusesDataThatDoesNotFit) {
  ModelMaker m({1, 8, 8});
  Value* v = m.linear(m.builder().op("Flatten", {m.images()}), "fc", 3);
  EXPECT_ERROR(Trainer(m.finish(v), kBackend, blob_loader(8, 64, 16), small_options(), small_sgd()),
               kInvalidArgument, "the data has 4 classes, the model gives 3 scores");
  Trainer trainer(make_flat_mlp(), kBackend, blob_loader(8, 20, 16, 1, false), small_options(), small_sgd());
  trainer.step();
  EXPECT_ERROR(trainer.step(), kInvalidArgument, "has 4 images, the step was built for 16");
}

}  // namespace
}  // namespace twofour::train
