// The inputs of the shared cases/training, each through the command that showed its fault.
#include <gmock/gmock.h>

#include <filesystem>

#include "data/image_files.h"
#include "data/open.h"
#include "onnx/import.h"
#include "sparsity/training_masks.h"
#include "support/run_program.h"
#include "support/shared_data.h"
#include "support/temporary_path.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;
namespace fs = std::filesystem;

class TrainingCases : public ::testing::Test {
 protected:
  void SetUp() override {
    TWOFOUR_SKIP_WITHOUT(testing::shared_path("cases/training"));
    fs::create_directories(out_);
  }
  void TearDown() override { fs::remove_all(out_); }

  static fs::path file(const std::string& name) { return testing::shared_path("cases/training") / name; }
  static ProgramResult twofour(const std::string& arguments) {
    return testing::run_program(std::string(TWOFOUR_PROGRAM) + " " + arguments);
  }
  ProgramResult train(const std::string& model, const std::string& arguments = "",
                      int batch_size = 10) const {
    return twofour("train --onnx=" + file(model).string() + " --data=" + file("shared-data/base").string() +
                   " --batch_size=" + std::to_string(batch_size) + " --lr=0.1 --output=" + out_.string() +
                   " " + arguments);
  }
  Graph trained() const { return onnx_io::import_model(out_ / "model.onnx"); }
  /// Whether training changed the constant.
  bool changed(const std::string& model, const std::string& constant) const {
    const Graph before = onnx_io::import_model(file(model));
    const auto a = before.find_value(constant)->data().span<float>();
    const Graph after = trained();
    return !std::ranges::equal(a, after.find_value(constant)->data().span<float>());
  }
  static std::vector<float> image(const fs::path& folder, const Shape& shape) {
    std::vector<float> values(static_cast<size_t>(shape.numel()));
    data::open_dataset(folder.string(), {.image_shape = shape})->load(0, values);
    return values;
  }

  const fs::path out_ = temporary_path("twofour_cases");
};

TEST_F(TrainingCases, BatchNormOverOneValueIsRefused) {
  const ProgramResult result = train("bn-one-value-per-channel/model.onnx", "", 1);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("one value per channel"));
  EXPECT_EQ(train("bn-one-value-per-channel/model.onnx").status, 0);
}

TEST_F(TrainingCases, BatchNormInTrainingModeIsSavedForInference) {
  const ProgramResult result = train("bn-training-mode-export-fails/model.onnx");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_TRUE(changed("bn-training-mode-export-fails/model.onnx", "mu"));
  const Graph graph = trained();
  EXPECT_EQ(graph.find_node("bn1")->op(), "BatchNormalization");
}

TEST_F(TrainingCases, CropsAsTorchvisionDoes) {
  const fs::path folder = file("crop-offset-nonsquare/data");
  const data::Image whole = data::read_image(folder / "a/0.png", {});
  const int64_t longer = 8 * std::max(whole.height, whole.width) / std::min(whole.height, whole.width);
  const bool tall = whole.height > whole.width;
  const data::Image resized = data::resize_bilinear(whole, tall ? longer : 8, tall ? 8 : longer);
  const int64_t extra = longer - 8;
  const int64_t offset = extra / 2 + (extra % 4 == 3);  // a half goes to the even number
  const std::vector<float> got = image(folder, {3, 8, 8});
  for (int64_t y = 0; y < 8; ++y)
    for (int64_t x = 0; x < 8; ++x) {
      const int64_t from = (y + (tall ? offset : 0)) * resized.width + x + (tall ? 0 : offset);
      EXPECT_EQ(got[static_cast<size_t>(y * 8 + x)], static_cast<float>(resized.pixels[from * 3]) / 255.0F);
    }
}

TEST_F(TrainingCases, OpenHeightAndWidthHaveAnOption) {
  const ProgramResult refused = train("dynamic-height-dead-end/model.onnx");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("--input_size"));
  const ProgramResult result = train("dynamic-height-dead-end/model.onnx", "--input_size=8");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_EQ(trained().inputs()[0]->type().to_string(), "f32[N,3,H,W]");
}

TEST_F(TrainingCases, AMissingClassDoesNotShiftLabels) {
  const std::string data = " --data=" + file("eval-missing-class-shifts-labels/data").string();
  const std::string model = file("eval-missing-class-shifts-labels/model.onnx").string();
  const ProgramResult unknown = twofour("eval --onnx=" + model + data);
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.output, HasSubstr("its labels cannot be told"));
  const ProgramResult named = twofour("eval --class_names=a,b --onnx=" + model + data);
  EXPECT_THAT(named.output, HasSubstr("accuracy 100.00 %"));
  ASSERT_EQ(train("shared-data/cnn.onnx", "--epochs=4").status, 0);
  const ProgramResult stored = twofour("eval --onnx=" + (out_ / "model.onnx").string() + data);
  EXPECT_THAT(stored.output, HasSubstr("accuracy 100.00 %"));
}

TEST_F(TrainingCases, AFixedBatchIsOpened) {
  const ProgramResult result = train("fixed-batch-dies-after-first-epoch/model.onnx");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_EQ(trained().inputs()[0]->type().to_string(), "f32[N,3,8,8]");
  const ProgramResult eval =
      twofour("eval --onnx=" + file("fixed-batch-dies-after-first-epoch/model.onnx").string() +
              " --data=" + file("shared-data/base").string());
  EXPECT_EQ(eval.status, 0) << eval.output;
}

TEST_F(TrainingCases, ALossThatDoesNotExistIsAnError) {
  for (const std::string precision : {"fp32", "fp16 --amp=force"}) {
    const ProgramResult result = train("nan-loss-shown-as-0/model.onnx", "--precision=" + precision);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.output, AllOf(HasSubstr("\"w2\""), HasSubstr("nan"), Not(HasSubstr("loss 0.0000"))));
  }
}

TEST_F(TrainingCases, NormalisationConstantsStay) {
  const std::string model = "normalisation-constants-are-trained/model.onnx";
  const ProgramResult result = train(model);
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("trains 2 of 4 constants (386 values); frozen: scaling of the input (m, sd)"));
  EXPECT_FALSE(changed(model, "m"));
  EXPECT_FALSE(changed(model, "sd"));
  EXPECT_TRUE(changed(model, "w"));
}

TEST_F(TrainingCases, ThePatternOfAnotherToolIsKept) {
  const ProgramResult result = train("other-tools-2to4-file-densified-silently/model.onnx");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("2:4 by their zeros, though not marked, and kept so: w2"));
  const auto patterns = sparsity::find_patterns(trained());
  ASSERT_EQ(patterns.size(), 1U);
  EXPECT_EQ(patterns[0].weight, "w2");
}

TEST_F(TrainingCases, SixteenBitsAndGammaAreReadAsOthersDo) {
  const std::vector<float> expected = image(file("png-16-bit-and-gamma/data8"), {1, 8, 8});
  EXPECT_EQ(image(file("png-16-bit-and-gamma/data16"), {1, 8, 8}), expected);
  EXPECT_EQ(image(file("png-16-bit-and-gamma/datagama"), {1, 8, 8}), expected);
}

TEST_F(TrainingCases, AnotherNetworkIsNotResumed) {
  ASSERT_EQ(train("shared-data/cnn.onnx").status, 0);
  const ProgramResult other = train("resume-accepts-other-network/model.onnx", "--resume --epochs=2");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.output, HasSubstr("another network"));
  EXPECT_EQ(train("shared-data/cnn.onnx", "--resume --epochs=2").status, 0);
}

TEST_F(TrainingCases, ASharedWeightHasBothLayersNames) {
  const std::string prune = "prune " + file("shared-weight-second-layer-unknown/model.onnx").string() +
                            " --include=c2 -o " + (out_ / "model.onnx").string();
  const ProgramResult result = twofour(prune);
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("c1, c2"));
  EXPECT_EQ(sparsity::find_patterns(trained()).size(), 1U);
}

TEST_F(TrainingCases, EveryKindOfImageIsRead) {
  EXPECT_EQ(data::open_dataset(file("webp-bmp-silently-ignored/data").string(), {})->size(), 8);
}

TEST_F(TrainingCases, WeightsBehindReshapesCanBeSparse) {
  for (const char* name : {"conv1d-unsqueeze.onnx", "matmul-reshape.onnx"}) {
    const ProgramResult result = twofour("prune " + file("weight-through-reshape-cannot-be-sparse").string() +
                                         "/" + name + " -o " + (out_ / "model.onnx").string());
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("1 eligible for 2:4, 1 of them 2:4"));
    EXPECT_EQ(sparsity::find_patterns(trained()).size(), 1U) << name;
  }
}

TEST_F(TrainingCases, WeightsInConstantNodesAreTrained) {
  const std::string model = "weights-in-constant-nodes-stay-frozen/model.onnx";
  const ProgramResult result = train(model);
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_TRUE(changed(model, "w2"));
}

}  // namespace
}  // namespace twofour
