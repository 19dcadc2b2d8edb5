// The public function, on a network that has learned something.
#include "twofour/quantize.h"

#include "base/errors.h"
#include "ir/graph.h"
#include "support/temporary_path.h"
#include "testing.h"
#include "twofour/train.h"

namespace twofour {
namespace {

using ::testing::HasSubstr;

DataLoader digits(Split split, int64_t size, int64_t batch_size = 20) {
  return DataLoader({.source = "digits",
                     .split = split,
                     .image_shape = {1, 28, 28},
                     .size = size,
                     .batch_size = batch_size,
                     .shuffle = split == Split::kTrain});
}

/// LeNet, trained for a moment on drawn digits.
const Model& trained() {
  static const Model model = [] {
    const Model fresh = Model::zoo("lenet");
    DataLoader data = digits(Split::kTrain, 2000);
    Trainer trainer(fresh, Sgd({.lr = 0.03}), data, {.time_tactics = false});
    for (int epoch = 0; epoch < 3; ++epoch) trainer.train_epoch();
    return trainer.model();
  }();
  return model;
}

double accuracy(const Model& model) {
  DataLoader data = digits(Split::kTest, 400);
  return evaluate(model, data).accuracy();
}

TEST(Quantize, KeepsTheAccuracyOfATrainedNetwork) {
  const double expected = accuracy(trained());
  EXPECT_GT(expected, 0.3) << "it has learned nothing";
  DataLoader data = digits(Split::kTrain, 200);
  for (const auto& [name, method] : kCalibrationMethodNames) {
    Model model = trained().clone();
    const QuantizeReport report = quantize(model, calibration_images(model, data, 100), {.method = method});
    EXPECT_EQ(report.num_quantized(), static_cast<int64_t>(report.layers.size())) << name;
    EXPECT_GT(report.outputs_db.at("logits"), 10) << name;
    EXPECT_NEAR(accuracy(model), expected, 0.03) << name;
  }
}

TEST(Quantize, GivesAFileThatIsReadAsItIs) {
  Model model = trained().clone();
  model.prune();
  DataLoader data = digits(Split::kTrain, 100);
  quantize(model, calibration_images(model, data, 50));
  const std::filesystem::path path = temporary_path("quantized.onnx");
  model.save(path);
  const Model read = Model::load(path);
  std::filesystem::remove(path);
  EXPECT_EQ(read.graph().metadata().at("twofour.sparsity"), model.graph().metadata().at("twofour.sparsity"));
  EXPECT_EQ(accuracy(read), accuracy(model));
  int64_t sparse = 0;
  for (const SparsityRow& row : read.sparsity()) sparse += row.sparse;
  EXPECT_GE(sparse, 2);
}

TEST(Quantize, TakesTheImagesThatAreAskedFor) {
  const Model model = trained().clone();
  DataLoader data = digits(Split::kTrain, 100, 30);
  const CalibrationData images = calibration_images(model, data, 70);
  std::vector<Shape> first, second;
  images([&](const InputTensors& batch) { first.push_back(batch.at("input").shape()); });
  images([&](const InputTensors& batch) { second.push_back(batch.at("input").shape()); });
  EXPECT_EQ(first, (std::vector<Shape>{{30, 1, 28, 28}, {30, 1, 28, 28}, {10, 1, 28, 28}}));
  EXPECT_EQ(first, second);
}

/// %x: f32[2,4], a product and its result.
Model small_model() {
  return Model(quant::parse(R"(graph "net" {
    input %x: f32[2,4]
    const %w: f32[4,3] = random(1)
    %y = MatMul(%x, %w) "fc"
    output %y
  })"));
}

CalibrationData one_batch(const std::string& input, const Tensor& tensor) {
  return [input, tensor](const auto& each) { each({{input, tensor}}); };
}

TEST(Quantize, SaysWhichDataDoNotFit) {
  Model model = small_model();
  const std::string before = model.text();
  EXPECT_ERROR(quantize(model, one_batch("x", Tensor(DType::kF32, {2, 5}))), kInvalidArgument, "\"x\"");
  EXPECT_ERROR(quantize(model, one_batch("z", Tensor(DType::kF32, {2, 4}))), kInvalidArgument,
               "no input \"z\"");
  Tensor nan(DType::kF32, {2, 4});
  nan.span<float>()[5] = NAN;
  EXPECT_ERROR(quantize(model, one_batch("x", nan)), kInvalidArgument, "input \"x\" is nan in sample 1");
  EXPECT_EQ(model.text(), before);
}

TEST(Quantize, RangesGoThroughACalibrationFile) {
  Model model = small_model();
  const std::filesystem::path path = temporary_path("ranges.cache");
  const QuantizeReport report = quantize(model, one_batch("x", quant::random_tensor({2, 4}, 3)),
                                         {.method = CalibrationMethod::kMinMax});
  write_calibration(path, report.ranges);
  Model other = small_model();
  const TensorRanges ranges = read_calibration(path, other);
  std::filesystem::remove(path);
  const TensorRange& x = report.ranges.at("x");
  EXPECT_FLOAT_EQ(ranges.at("x").high, std::max(-x.low, x.high));
  EXPECT_EQ(quantize(other, {}, {.ranges = ranges}).num_quantized(), 1);
  EXPECT_THAT(other.text(), HasSubstr("QuantizeLinear(%x"));
}

TEST(Quantize, KeepsLayersRealForTheBudget) {
  Model model = small_model();
  const auto real_is_better = [](const Model& candidate) {
    return candidate.text().find("QuantizeLinear") == std::string::npos ? 1.0 : 0.5;
  };
  const QuantizeReport report =
      quantize(model, one_batch("x", quant::random_tensor({2, 4}, 3)), {.budget = 0.1}, real_is_better);
  EXPECT_EQ(report.num_quantized(), 0);
  EXPECT_EQ(report.sensitivity.curve.size(), 2u);
}

}  // namespace
}  // namespace twofour
