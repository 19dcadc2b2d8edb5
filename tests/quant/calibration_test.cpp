#include "quant/calibration.h"

#include "base/errors.h"
#include "base/log.h"
#include "testing.h"

namespace twofour::quant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kNetwork = R"(graph "net" {
  input %x: f32[N,4]
  const %w: f32[2,4] = random(3)
  %r = Relu(%x) "r"
  %y = Gemm(%r, %w) {transB=1} "fc"
  %p = Softmax(%y) "p"
  output %p
})";

Tensor values(const Shape& shape, const std::vector<float>& v) { return Tensor::of<float>(shape, v); }

TEST(Calibration, MinMaxIsOfWhatProductsReadAndGive) {
  const RunFn run = run_on({values({2, 4}, {1, -2, 3, 0, 0, 0.5F, -9, 2}), values({1, 4}, {7, 0, 0, 0})});
  const TensorRanges ranges = calibrate(parse(kNetwork), run, {.method = CalibrationMethod::kMinMax});
  ASSERT_EQ(ranges.size(), 3u);  // x, r and y; not what the softmax gives
  EXPECT_EQ(ranges.at("x").low, -9);
  EXPECT_EQ(ranges.at("x").high, 7);
  EXPECT_EQ(ranges.at("r").low, 0);
  EXPECT_EQ(ranges.at("r").high, 7);
}

TEST(Calibration, MeanMinMaxIsTheMeanOfTheSamples) {
  const RunFn run = run_on({values({2, 4}, {1, -2, 3, 0, 0, 0.5F, -9, 2}), values({1, 4}, {7, -1, 0, 0})});
  const TensorRanges ranges = calibrate(parse(kNetwork), run, {.method = CalibrationMethod::kMeanMinMax});
  EXPECT_FLOAT_EQ(ranges.at("x").low, (-2 - 9 - 1) / 3.0F);
  EXPECT_FLOAT_EQ(ranges.at("x").high, (3 + 2 + 7) / 3.0F);
  EXPECT_GT(ranges.at("x").clipped, 0);
}

TEST(Calibration, PercentileClipsBothTails) {
  std::vector<float> row(4000);
  for (size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i) / 1000 - 1;  // -1 to 3
  const RunFn run = run_on({values({1000, 4}, row)});
  QuantizeOptions options = {.method = CalibrationMethod::kPercentile, .percentile = 90};
  TensorRange range = calibrate(parse(kNetwork), run, options).at("x");
  EXPECT_NEAR(range.low, -0.8, 0.005);  // a twentieth on either side
  EXPECT_NEAR(range.high, 2.8, 0.005);
  EXPECT_NEAR(range.clipped, 0.1, 0.002);
  options.activations = ActivationCodes::kS8;
  range = calibrate(parse(kNetwork), run, options).at("x");
  EXPECT_NEAR(range.high, 2.6, 0.005);  // a tenth of the magnitudes is larger
  EXPECT_EQ(range.low, -1);
}

TEST(Calibration, DoesNotDependOnOrderOrBatches) {
  const Tensor data = random_tensor({60, 4}, 5);
  const Graph graph = parse(kNetwork);
  for (const auto& [name, method] : kCalibrationMethodNames) {
    const QuantizeOptions options = {.method = method};
    const TensorRanges whole = calibrate(graph, run_on({data}), options);
    const TensorRanges parts =
        calibrate(graph, run_on({rows(data, 40, 60), rows(data, 0, 1), rows(data, 1, 40)}), options);
    for (const auto& [tensor, range] : whole) {
      EXPECT_FLOAT_EQ(range.low, parts.at(tensor).low) << name << " " << tensor;
      EXPECT_FLOAT_EQ(range.high, parts.at(tensor).high) << name << " " << tensor;
    }
  }
}

TEST(Calibration, ConstantTensorsKeepTheirValue) {
  for (const auto& [name, method] : kCalibrationMethodNames) {
    const TensorRange range =
        calibrate(parse(kNetwork), run_on({values({2, 4}, std::vector<float>(8, 3))}), {.method = method})
            .at("x");
    EXPECT_EQ(range.low, 3) << name;
    EXPECT_EQ(range.high, 3) << name;
    EXPECT_EQ(range.clipped, 0) << name;
  }
}

TEST(Calibration, NamesTheSampleThatIsNotFinite) {
  const RunFn nan = run_on({random_tensor({2, 4}, 1), values({2, 4}, {1, 2, 3, 4, 5, NAN, 7, 8})});
  EXPECT_ERROR(calibrate(parse(kNetwork), nan, {}), kInvalidArgument, "input \"x\" is nan in sample 3");
  const RunFn infinite = run_on({values({1, 4}, {1, INFINITY, 3, 4})});
  EXPECT_ERROR(calibrate(parse(kNetwork), infinite, {}), kInvalidArgument, "input \"x\" is inf in sample 0");
}

TEST(Calibration, NamesTheTensorThatIsNan) {
  const Graph graph = parse(R"(graph "g" {
    input %x: f32[N,2]
    const %w: f32[2,2] = [1, 2, 3, 4]
    %root = Sqrt(%x) "root"
    %y = MatMul(%root, %w) "fc"
    output %y
  })");
  EXPECT_ERROR(calibrate(graph, run_on({values({2, 2}, {1, 2, 3, -4})}), {}), kInvalidArgument,
               "tensor \"root\" is ");
}

TEST(Calibration, LeavesInfinitiesOfMasksOut) {
  const Graph graph = parse(R"(graph "g" {
    input %x: f32[N,2]
    const %mask: f32[2] = [0, -inf]
    %masked = Add(%x, %mask) "masked"
    %p = Softmax(%masked) "p"
    output %p
  })");
  const TensorRanges ranges = calibrate(graph, run_on({random_tensor({3, 2}, 1)}), {});
  EXPECT_TRUE(ranges.contains("x"));
  EXPECT_FALSE(ranges.contains("masked"));
}

TEST(Calibration, NeedsDataAndWarnsOfASingleSample) {
  EXPECT_ERROR(calibrate(parse(kNetwork), run_on({}), {}), kInvalidArgument, "there are no calibration data");
  EXPECT_ERROR(calibrate(parse(kNetwork), run_on({}), {.percentile = 0}), kInvalidArgument,
               "the percentile is 0");
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  calibrate(parse(kNetwork), run_on({random_tensor({2, 4}, 1)}), {});
  EXPECT_THAT(lines, IsEmpty());
  calibrate(parse(kNetwork), run_on({random_tensor({1, 4}, 1)}), {});
  set_log_sink({});
  EXPECT_THAT(lines, ElementsAre(HasSubstr("one sample")));
}

}  // namespace
}  // namespace twofour::quant
