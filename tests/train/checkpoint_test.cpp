#include "train/checkpoint.h"

#include <gmock/gmock.h>

#include <cstring>

#include "backend/reference_tactic.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "blobs.h"
#include "models.h"
#include "sparsity/mask.h"
#include "support/temporary_path.h"
#include "train/safetensors.h"
#include "train/trainer.h"

namespace twofour::train {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const backend::ReferenceBackend kBackend;

Graph make_net() {
  ModelMaker m({1, 6, 6});
  Value* v = m.relu(m.norm(m.conv(m.images(), "conv1", 4, 3, 1), "bn1"), "relu1");
  v = m.relu(m.conv(v, "conv2", 4, 3, 2, true), "relu2");
  return m.finish(m.linear(m.global_pool(v), "fc", 4));
}

struct RunOptions {
  LossScaling scaling = LossScaling::dynamic();
  bool masked = true;
  uint64_t seed = 1;
  double lr = 0.05;
  std::filesystem::path resume_from;
};

std::unique_ptr<Trainer> make_trainer(const RunOptions& run = {}) {
  TrainerOptions options{.schedule = {.kind = ScheduleKind::kCosine, .total_steps = 10, .warmup_steps = 2},
                         .loss_scaling = run.scaling,
                         .label_smoothing = 0.1,
                         .clip_norm = 1,
                         .time_tactics = false,
                         .resume_from = run.resume_from};
  options.loss_scaling->growth_interval = 3;
  Graph model = make_net();
  OptimizerState optimizer{.sgd = {.lr = run.lr, .nesterov = true}};
  if (run.masked)
    optimizer.masks["conv2.weight"] = sparsity::magnitude_mask(model.find_value("conv2.weight")->data(), 1);
  return std::make_unique<Trainer>(std::move(model), kBackend, blob_loader(6, 24, 8, run.seed), options,
                                   optimizer);
}

std::unique_ptr<Trainer> resumed(const std::filesystem::path& path) {
  return make_trainer({.resume_from = path});
}

class CheckpointTest : public testing::Test {
 protected:
  void TearDown() override {
    for (const auto& path : {a, b}) std::filesystem::remove(path);
  }
  const std::filesystem::path a = temporary_path("twofour_checkpoint_a");
  const std::filesystem::path b = temporary_path("twofour_checkpoint_b");
};

void expect_same_tensors(const Checkpoint& x, const Checkpoint& y) {
  ASSERT_EQ(x.tensors.size(), y.tensors.size());
  for (const auto& [name, tensor] : x.tensors)
    EXPECT_EQ(std::memcmp(tensor.raw(), y.tensors.at(name).raw(), tensor.size_bytes()), 0) << name;
}

// Over the end of an epoch (3 batches), a growth of the loss scale and a warm-up.
TEST_F(CheckpointTest, ResumeIsBitExact) {
  for (const int before : {1, 2, 3, 4}) {
    SCOPED_TRACE(before);
    const auto straight = make_trainer();
    for (int i = 0; i < 6; ++i) straight->step();
    straight->save(a);

    const auto first = make_trainer();
    for (int i = 0; i < before; ++i) first->step();
    first->save(b);
    const auto second = resumed(b);
    EXPECT_EQ(second->position().step, before);
    for (int i = before; i < 6; ++i) second->step();
    second->save(b);

    const Checkpoint x = load_checkpoint(a);
    const Checkpoint y = load_checkpoint(b);
    expect_same_tensors(x, y);
    EXPECT_EQ(x.position.step, y.position.step);
    EXPECT_EQ(x.position.epoch, y.position.epoch);
    EXPECT_EQ(x.position.batch, y.position.batch);
    EXPECT_EQ(x.position.totals.loss_sum, y.position.totals.loss_sum);
  }
}

TEST_F(CheckpointTest, HistoryAndTheRestOfAnEpochSurvive) {
  const auto straight = make_trainer();
  straight->train_epoch();
  straight->train_epoch();
  const auto first = make_trainer();
  first->train_epoch();
  first->step();
  first->save(a);
  const auto second = resumed(a);
  second->train_epoch();
  ASSERT_EQ(second->history().size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(second->history()[i].loss, straight->history()[i].loss);
    EXPECT_EQ(second->history()[i].accuracy, straight->history()[i].accuracy);
    EXPECT_EQ(second->history()[i].lr, straight->history()[i].lr);
  }
}

TEST_F(CheckpointTest, HoldsEverythingUnderReadableNames) {
  const auto trainer = make_trainer();
  trainer->step();
  trainer->save(a);
  const SafeTensors file = read_safetensors(a);
  for (const char* name : {"conv1.weight", "bn1.mean", "momentum/fc.bias", "mask/conv2.weight", "loss_scale",
                           "loss_scale_tracker"})
    EXPECT_TRUE(file.tensors.contains(name)) << name;
  EXPECT_EQ(file.tensors.at("mask/conv2.weight").dtype(), DType::kBool);
  const Json recipe = parse_json(file.metadata.at("twofour.recipe"), "recipe");
  EXPECT_EQ(recipe.at("/sgd/lr"_json_pointer), 0.05);
  EXPECT_EQ(recipe.at("/data/batch_size"_json_pointer), 8);
}

class BadCheckpointTest : public CheckpointTest {
 protected:
  void SetUp() override {
    const auto trainer = make_trainer();
    trainer->step();
    trainer->save(a);
  }
  /// Resuming from `a` fails with this text, which names the file.
  void expect_refused(ErrorCode code, const std::string& text, RunOptions run = {}) {
    run.resume_from = a;
    const Error error = error_of([&] { make_trainer(run); });
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), AllOf(HasSubstr(text), HasSubstr(a.string())));
  }
  void change(const std::function<void(SafeTensors&)>& edit) {
    SafeTensors file = read_safetensors(a);
    edit(file);
    write_safetensors(a, file);
  }
};

TEST_F(BadCheckpointTest, Truncated) {
  const std::string text = read_file(a);
  write_file_atomic(a, text.substr(0, text.size() - 1));
  expect_refused(ErrorCode::kDataCorrupt, "truncated");
}
TEST_F(BadCheckpointTest, AbsurdHeader) {
  write_file_atomic(a, std::string(64, '\x7f'));
  expect_refused(ErrorCode::kDataCorrupt, "header would have");
}
TEST_F(BadCheckpointTest, MissingFile) {
  std::filesystem::remove(a);
  expect_refused(ErrorCode::kNotFound, "cannot open");
}
TEST_F(BadCheckpointTest, MissingTensor) {
  change([](SafeTensors& f) { f.tensors.erase("momentum/fc.bias"); });
  expect_refused(ErrorCode::kInvalidArgument, "has no tensor \"momentum/fc.bias\", expected f32[4]");
}
TEST_F(BadCheckpointTest, ExtraTensor) {
  change([](SafeTensors& f) { f.tensors["stranger"] = Tensor::scalar(1); });
  expect_refused(ErrorCode::kInvalidArgument, "a tensor \"stranger\"");
}
TEST_F(BadCheckpointTest, WrongShape) {
  change([](SafeTensors& f) { f.tensors["fc.bias"] = Tensor(DType::kF32, {5}); });
  expect_refused(ErrorCode::kInvalidArgument, "tensor \"fc.bias\"");
}
TEST_F(BadCheckpointTest, WrongType) {
  change([](SafeTensors& f) { f.tensors["fc.bias"] = Tensor(DType::kF16, {4}); });
  expect_refused(ErrorCode::kInvalidArgument, "is f16[4], expected f32[4]");
}
TEST_F(BadCheckpointTest, NoCheckpoint) {
  change([](SafeTensors& f) { f.metadata.clear(); });
  expect_refused(ErrorCode::kDataCorrupt, "no \"twofour.checkpoint\"");
}
TEST_F(BadCheckpointTest, OtherVersion) {
  change([](SafeTensors& f) { f.metadata["twofour.checkpoint"] = "99"; });
  expect_refused(ErrorCode::kDataCorrupt, "format version is 99");
}
TEST_F(BadCheckpointTest, MalformedPosition) {
  change([](SafeTensors& f) { f.metadata["twofour.position"] = R"({"step":1})"; });
  expect_refused(ErrorCode::kDataCorrupt, "position is malformed");
  change([](SafeTensors& f) { f.metadata["twofour.position"] = "{"; });
  expect_refused(ErrorCode::kDataCorrupt, "not valid JSON");
}
TEST_F(BadCheckpointTest, MalformedRecipe) {
  change([](SafeTensors& f) { f.metadata["twofour.recipe"] = "{"; });
  expect_refused(ErrorCode::kDataCorrupt, "not valid JSON");
  change([](SafeTensors& f) { f.metadata["twofour.recipe"] = "[1]"; });
  expect_refused(ErrorCode::kDataCorrupt, "recipe");
}
TEST_F(BadCheckpointTest, MalformedTactics) {
  change([](SafeTensors& f) { f.metadata["twofour.tactics"] = "{}"; });
  expect_refused(ErrorCode::kDataCorrupt, "malformed");
}
TEST_F(BadCheckpointTest, MalformedThreads) {
  change([](SafeTensors& f) { f.metadata["twofour.threads"] = "2x"; });
  expect_refused(ErrorCode::kDataCorrupt, "\"2x\" is no number of threads");
}
// Elsewhere the bits may differ, which is said; the run goes on.
TEST_F(BadCheckpointTest, OtherMachineOrThreads) {
  const auto warning_after = [&](const std::string& key, const std::string& from, const std::string& to) {
    change([&](SafeTensors& f) {
      std::string& text = f.metadata[key];
      ASSERT_NE(text.find(from), std::string::npos) << text;
      text.replace(text.find(from), from.size(), to);
    });
    std::string warning;
    set_log_sink([&](LogLevel, std::string_view line) { warning = line; });
    const auto trainer = resumed(a);
    set_log_sink({});
    EXPECT_EQ(trainer->position().step, 1);
    trainer->step();
    return warning;
  };
  const std::string threads = read_safetensors(a).metadata.at("twofour.threads");
  EXPECT_THAT(warning_after("twofour.threads", threads, "63"),
              AllOf(HasSubstr("not bit for bit"), HasSubstr("written with 63 threads")));
  change([&](SafeTensors& f) { f.metadata["twofour.threads"] = threads; });
  const std::string device = kBackend.device();
  EXPECT_THAT(warning_after("twofour.tactics", "\"device\": \"" + device, "\"device\": \"another"),
              AllOf(HasSubstr("not bit for bit"), HasSubstr("written for")));
}
TEST_F(BadCheckpointTest, BatchBeyondTheData) {
  change([](SafeTensors& f) {
    Json position = parse_json(f.metadata["twofour.position"], "test");
    position["batch"] = 4;
    f.metadata["twofour.position"] = position.dump();
  });
  expect_refused(ErrorCode::kInvalidArgument, "stands at batch 4");
}
TEST_F(BadCheckpointTest, OtherRecipe) {
  expect_refused(ErrorCode::kInvalidArgument, "written with data/seed 1, this run has 2", {.seed = 2});
  expect_refused(ErrorCode::kInvalidArgument, "sgd/lr 0.05, this run has 0.1", {.lr = 0.1});
  expect_refused(ErrorCode::kInvalidArgument, "loss_scaling/mode \"dynamic\", this run has \"none\"",
                 {.scaling = LossScaling::none()});
}
TEST_F(BadCheckpointTest, OtherMasks) {
  expect_refused(ErrorCode::kInvalidArgument, "\"mask/conv2.weight\"", {.masked = false});
}

TEST_F(CheckpointTest, SavingWhereItCannotIsAnError) {
  EXPECT_ERROR(make_trainer()->save(testing::TempDir()), kInvalidArgument, "is not a regular file");
}

}  // namespace
}  // namespace twofour::train
