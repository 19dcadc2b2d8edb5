// A whole training step of ResNet-18 against PyTorch's, where PyTorch is installed (TWOFOUR_PYTHON names
// another interpreter than python3).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "builder/builder.h"
#include "cpu/backend.h"
#include "source_dir.h"
#include "support/python.h"
#include "support/temporary_path.h"
#include "train/safetensors.h"
#include "train/step.h"
#include "zoo/zoo.h"

namespace twofour::train {
namespace {

using testing::python;
using testing::run_program;

Tensor random_images(const Shape& shape) {
  Tensor images(DType::kF32, shape);
  Rng rng(7);
  for (float& v : images.span<float>()) v = rng.normal();
  return images;
}

TEST(PyTorch, ResNet18StepAgrees) {
  TWOFOUR_SKIP_WITHOUT_PYTHON("torch");
  constexpr int64_t kBatch = 16;
  const Graph model = zoo::make("resnet18");
  // Without momentum and decay the new momentum buffer is the gradient itself.
  const TrainingStep step = make_step(model, {.batch_size = kBatch,
                                              .image_shape = {3, 224, 224},
                                              .update = {.sgd = {.momentum = 0, .weight_decay = 0}}});
  const cpu::CpuBackend backend;
  const auto built = builder::build(
      step.graph.clone(), backend, {.donations = step.donations(), .time_tactics = false, .optimise = false});
  const auto context = built.engine->create_context();
  SafeTensors content;
  content.tensors["images"] = random_images({kBatch, 3, 224, 224});
  content.tensors["labels"] = Tensor(DType::kI64, {kBatch});
  for (int64_t i = 0; i < kBatch; ++i)
    content.tensors["labels"].span<int64_t>()[static_cast<size_t>(i)] = i * 61 % 1000;
  context->bind(step.images, content.tensors["images"]);
  context->bind(step.labels, content.tensors["labels"]);
  context->bind(step.lr, Tensor::scalar(0));
  std::map<std::string, Tensor> gradients;
  for (const StateTensor& state : step.state) {
    if (state.kind == StateTensor::Kind::kMomentum) {
      gradients["grad/" + state.name] = context->tensor(state.input);
      continue;
    }
    const Tensor value = model.find_value(state.name)->data().clone();
    context->bind(state.input, value);
    if (state.kind == StateTensor::Kind::kParameter) content.tensors[state.name] = value;
  }
  context->run();
  content.tensors.merge(gradients);
  content.tensors["loss"] = context->tensor(step.loss);
  const auto path = temporary_path("twofour_pytorch");
  write_safetensors(path, content);
  const auto result =
      run_program(python() + " " + TWOFOUR_SOURCE_DIR + "/tests/train/pytorch_resnet18.py " + path.string());
  std::filesystem::remove(path);
  EXPECT_EQ(result.status, 0) << result.output;
  RecordProperty("pytorch", result.output);
}

}  // namespace
}  // namespace twofour::train
