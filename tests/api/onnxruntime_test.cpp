// Exported networks give ONNX Runtime the outputs that twofour's own engines compute, where Python has it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/rng.h"
#include "source_dir.h"
#include "support/python.h"
#include "support/shared_data.h"
#include "support/temporary_path.h"
#include "twofour/engine.h"
#include "twofour/npy.h"
#include "twofour/train.h"

namespace twofour {
namespace {

class OnnxRuntime : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = temporary_path("twofour_onnxruntime");
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// What ONNX Runtime makes of the file that the model is exported to.
  Tensor reference(const Model& model, const Tensor& images) const {
    model.save(folder_ / "model.onnx");
    std::ofstream(folder_ / "images", std::ios::binary)
        .write(reinterpret_cast<const char*>(images.raw()),
               static_cast<std::streamsize>(images.size_bytes()));
    std::string shape;
    for (const int64_t dim : images.shape()) shape += (shape.empty() ? "" : ",") + std::to_string(dim);
    const auto result =
        testing::run_program(testing::python() + " " TWOFOUR_SOURCE_DIR "/tests/api/onnxruntime_outputs.py " +
                             (folder_ / "model.onnx").string() + " " + (folder_ / "images").string() + " " +
                             shape + " " + (folder_ / "outputs.npy").string());
    if (result.status != 0) throw std::runtime_error(result.output);
    return read_npy(folder_ / "outputs.npy");
  }

  void expect_same_outputs(const Model& model, const Tensor& images) const {
    const Tensor expected = reference(model, images);
    const auto [low, high] = std::ranges::minmax(expected.span<float>());
    const float largest = std::max(std::abs(low), std::abs(high));
    ASSERT_GT(high - low, 0.1F) << "outputs without content";
    for (const Sparsity sparsity : {Sparsity::kDisable, Sparsity::kEnable}) {
      const BuiltEngine built = build_engine(
          model, {.sparsity = sparsity, .shapes = {{model.default_shapes().begin()->first, images.shape()}}});
      Context context = built.engine.context();
      context.bind(built.engine.inputs().at(0).name, images.clone());
      context.run();
      const Tensor actual = context.tensor(built.engine.outputs().at(0).name);
      ASSERT_EQ(actual.shape(), expected.shape());
      for (size_t i = 0; i < expected.span<float>().size(); ++i)
        ASSERT_NEAR(actual.span<float>()[i], expected.span<float>()[i], 1e-4F * largest) << i;
    }
  }

  std::filesystem::path folder_;
};

Tensor random_images(const Shape& shape) {
  Tensor images(DType::kF32, shape);
  Rng rng(3);
  for (float& value : images.span<float>()) value = rng.normal();
  return images;
}

// Trained for some steps so that its batch norms have statistics; odd batch sizes.
TEST_F(OnnxRuntime, TrainedAndPrunedNetworkFromTheZoo) {
  TWOFOUR_SKIP_WITHOUT_PYTHON("onnxruntime, numpy");
  Model model = Model::zoo("resnet20", {.num_classes = 10, .image_shape = {}, .seed = 1});
  DataLoader data({.source = "synthetic",
                   .image_shape = model.image_shape(),
                   .num_classes = 10,
                   .size = 96,
                   .batch_size = 16});
  const auto train = [&](const Sgd& optimizer) {
    Trainer trainer(model, optimizer, data, {.time_tactics = false});
    trainer.train_epoch();
    model = trainer.model();
  };
  train(Sgd({.lr = 0.05}));
  expect_same_outputs(model, random_images({5, 3, 32, 32}));
  Sgd optimizer({.lr = 0.05});
  prune_trained_model(model, optimizer);
  train(optimizer);
  expect_same_outputs(model, random_images({7, 3, 32, 32}));
}

TEST_F(OnnxRuntime, PrunedResNet20) {
  TWOFOUR_SKIP_WITHOUT_PYTHON("onnxruntime, numpy");
  const auto path = testing::shared_path("models/resnet20-cifar10.onnx");
  const auto input = testing::shared_path("models/vectors/cifar16_input.npy");
  TWOFOUR_SKIP_WITHOUT(path);
  TWOFOUR_SKIP_WITHOUT(input);
  Model model = Model::load(path);
  const Tensor images = read_npy(input);
  expect_same_outputs(model, images);
  model.prune();
  expect_same_outputs(model, images);
}

}  // namespace
}  // namespace twofour
