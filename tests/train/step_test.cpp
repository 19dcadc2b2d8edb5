// The update against SGD written out by hand, and what masks, clipping and loss scaling promise.
#include "train/step.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/errors.h"
#include "models.h"
#include "zoo/zoo.h"

namespace twofour::train {
namespace {

using testing::HasSubstr;
using Kind = StateTensor::Kind;

StepOptions block_options(UpdateOptions update = {}) {
  return {.batch_size = 3, .image_shape = {3, 7, 5}, .update = update};
}

std::vector<float> copy(const Tensor& tensor) {
  return {tensor.span<float>().begin(), tensor.span<float>().end()};
}

std::vector<std::string> parameters(const TrainingStep& step) {
  std::vector<std::string> names;
  for (const StateTensor& s : step.state)
    if (s.kind == Kind::kParameter) names.push_back(s.name);
  return names;
}

/// Gradients at the runner's parameters, from a step that does nothing but hand them out.
std::map<std::string, std::vector<float>> gradients_at(StepRunner& runner, const StepOptions& options) {
  StepRunner plain(make_block(), block_options({.sgd = {.momentum = 0, .weight_decay = 0}}));
  for (const std::string& name : parameters(runner.step)) plain.parameter(name) = runner.parameter(name);
  plain.inputs[plain.step.images] = runner.inputs[runner.step.images];
  TWOFOUR_ASSERT(options.label_smoothing == 0, "not handled here");
  const auto outputs = plain.run();
  std::map<std::string, std::vector<float>> result;
  for (const std::string& name : parameters(plain.step))
    result[name] = copy(outputs.at(plain.state(Kind::kMomentum, name).output));
  return result;
}

struct Case {
  const char* name;
  UpdateOptions update;
  bool masked;
};
class SgdTest : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(
    Cases, SgdTest,
    testing::Values(
        Case{"Plain", {.sgd = {.momentum = 0, .weight_decay = 0}}, false},
        Case{"Momentum", {.sgd = {.momentum = 0.9, .weight_decay = 0}}, false},
        Case{"Decay", {.sgd = {.momentum = 0.9, .weight_decay = 0.05}}, false},
        Case{"NoDecayOfNorms", {.sgd = {.weight_decay = 0.05, .decay_norm_and_bias = false}}, false},
        Case{"Nesterov", {.sgd = {.momentum = 0.8, .nesterov = true, .weight_decay = 0.05}}, false},
        Case{"Clip", {.sgd = {.weight_decay = 0.05}, .clip_norm = 0.25}, false},
        Case{"All",
             {.sgd = {.momentum = 0.8, .nesterov = true, .weight_decay = 0.05},
              .scaling = LossScaling::fixed(1024),
              .clip_norm = 0.25},
             true}),
    [](const auto& net) { return std::string(net.param.name); });

TEST_P(SgdTest, AgreesWithTheScalarFormula) {
  StepOptions options = block_options(GetParam().update);
  if (GetParam().masked) options.masked = {"conv2.weight"};
  constexpr double kLr = 0.05;
  StepRunner runner(make_block(), options, kLr);
  const SgdOptions& sgd = options.update.sgd;

  std::map<std::string, std::vector<bool>> kept;
  std::map<std::string, std::vector<double>> p;
  std::map<std::string, std::vector<double>> buffer;
  for (const std::string& name : parameters(runner.step)) {
    const auto values = runner.parameter(name).span<float>();
    kept[name].assign(values.size(), true);
    buffer[name].assign(values.size(), 0);
    if (options.masked.contains(name)) {
      Tensor mask(DType::kBool, runner.parameter(name).shape());
      for (size_t i = 0; i < values.size(); ++i) kept[name][i] = mask.span<bool>()[i] = i % 3 != 0;
      for (size_t i = 0; i < values.size(); ++i) values[i] *= static_cast<float>(kept[name][i]);
      runner.inputs[runner.step.masks.at(name)] = mask;
    }
    p[name].assign(values.begin(), values.end());
  }

  for (int step = 0; step < 3; ++step) {
    const auto gradients = gradients_at(runner, options);
    double norm = 0;
    for (const auto& [name, gradient] : gradients)
      for (const float g : gradient) norm += double{g} * double{g};
    norm = std::sqrt(norm);
    const double clip = options.update.clip_norm;
    const double factor = clip > 0 && norm > clip ? clip / norm : 1;
    EXPECT_EQ(factor<1, clip> 0);
    runner.advance();
    for (const auto& [name, gradient] : gradients) {
      SCOPED_TRACE(name);
      const bool decay = sgd.decay_norm_and_bias || runner.parameter(name).shape().rank() > 1;
      for (size_t i = 0; i < gradient.size(); ++i) {
        double g = kept[name][i] ? factor * gradient[i] : 0;
        g += (decay ? sgd.weight_decay : 0) * p[name][i];
        buffer[name][i] = sgd.momentum * buffer[name][i] + g;
        p[name][i] -= kLr * (sgd.nesterov ? g + sgd.momentum * buffer[name][i] : buffer[name][i]);
        ASSERT_NEAR(runner.parameter(name).span<float>()[i], p[name][i], 2e-6)
            << "step " << step << " element " << i;
        ASSERT_NEAR(runner.momentum(name).span<float>()[i], buffer[name][i], 1e-5) << "step " << step;
        if (!kept[name][i]) {
          ASSERT_EQ(runner.parameter(name).span<float>()[i], 0.0F);
          ASSERT_EQ(runner.momentum(name).span<float>()[i], 0.0F);
        }
      }
    }
  }
}

TEST(Step, RunningStatisticsMoveWithTheBatch) {
  StepRunner runner(make_block(), block_options());
  const auto before = copy(runner.statistic("bn1.mean"));
  runner.advance();
  EXPECT_NE(copy(runner.statistic("bn1.mean")), before);
}

TEST(Step, StaticScaleChangesNothingButRounding) {
  StepRunner plain(make_block(), block_options());
  StepRunner scaled(make_block(), block_options({.scaling = LossScaling::fixed(4096)}));
  for (int i = 0; i < 2; ++i) {
    const auto a = plain.advance();
    const auto b = scaled.advance();
    EXPECT_EQ(scalar_of(b, scaled.step.nonfinite), 0);
    EXPECT_NEAR(scalar_of(a, plain.step.loss), scalar_of(b, scaled.step.loss), 1e-6);
  }
  for (const std::string& name : parameters(plain.step)) {
    const auto a = plain.parameter(name).span<float>();
    const auto b = scaled.parameter(name).span<float>();
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6) << name;
  }
}

TEST(Step, ClippingMeasuresUnscaledGradients) {
  const double generous = 100;  // above the norm of the gradients, far below that of the scaled ones
  StepRunner plain(make_block(), block_options());
  StepRunner clipped(make_block(),
                     block_options({.scaling = LossScaling::fixed(65536), .clip_norm = generous}));
  plain.advance();
  clipped.advance();
  const auto a = plain.parameter("fc.weight").span<float>();
  const auto b = clipped.parameter("fc.weight").span<float>();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);
}

LossScaling dynamic(double init) {
  return {.mode = LossScaling::Mode::kDynamic, .init_scale = init, .growth_interval = 2};
}

/// An image so large that the backward pass overflows f32, the forward pass does not.
void overflow(StepRunner& runner) {
  runner.inputs[runner.step.images] = random_tensor({3, 7}, 3, 1e37F, 2e37F);
}

StepOptions mlp_options(const LossScaling& scaling) {
  return {.batch_size = 3, .image_shape = {7}, .update = {.scaling = scaling}};
}

TEST(LossScale, OverflowSkipsTheStepAndHalvesTheScale) {
  StepRunner runner(make_mlp(), mlp_options(dynamic(65536)));
  runner.advance();
  EXPECT_EQ(runner.inputs["loss_scale_tracker"].span<int32_t>()[0], 1);
  const auto good = runner.inputs;
  overflow(runner);
  const auto outputs = runner.advance();
  EXPECT_EQ(scalar_of(outputs, runner.step.nonfinite), 1);
  EXPECT_EQ(runner.scale(), 32768);
  EXPECT_EQ(runner.inputs["loss_scale_tracker"].span<int32_t>()[0], 0);
  for (const StateTensor& s : runner.step.state)
    if (s.kind == Kind::kParameter || s.kind == Kind::kMomentum) {
      EXPECT_EQ(copy(runner.inputs.at(s.input)), copy(good.at(s.input))) << s.input;
    }
}

TEST(LossScale, SkippedStepLeavesRunningStatistics) {
  StepRunner runner(make_block(), block_options({.scaling = dynamic(65536)}));
  runner.inputs[runner.step.images].span<float>()[5] = std::numeric_limits<float>::infinity();
  const auto before = copy(runner.statistic("bn1.var"));
  const auto outputs = runner.advance();
  EXPECT_EQ(scalar_of(outputs, runner.step.nonfinite), 1);
  EXPECT_EQ(copy(runner.statistic("bn1.var")), before);
}

TEST(LossScale, StaticScaleSkipsToo) {
  StepRunner runner(make_mlp(), mlp_options(LossScaling::fixed(65536)));
  const auto before = copy(runner.parameter("fc1.weight"));
  overflow(runner);
  EXPECT_EQ(scalar_of(runner.advance(), runner.step.nonfinite), 1);
  EXPECT_EQ(copy(runner.parameter("fc1.weight")), before);
  EXPECT_EQ(runner.scale(), 65536);
}

TEST(LossScale, GrowsAfterTheIntervalUpToTheMaximum) {
  LossScaling scaling = dynamic(1024);
  scaling.max_scale = 3000;
  StepRunner runner(make_mlp(), mlp_options(scaling));
  const float expected[] = {1024, 2048, 2048, 3000, 3000, 3000};
  for (const float scale : expected) {
    runner.advance();
    EXPECT_EQ(runner.scale(), scale);
  }
}

TEST(LossScale, StopsAtTheFloor) {
  StepRunner runner(make_mlp(), mlp_options(dynamic(4)));
  runner.inputs[runner.step.images].span<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  for (const float scale : {2, 1, 1, 1}) {
    runner.advance();
    EXPECT_EQ(runner.scale(), scale);
  }
}

// The scale that unscales is the one that scaled, also on the step that makes it grow.
TEST(LossScale, GrowthStepIsUnscaledWithTheOldScale) {
  StepRunner plain(make_mlp(), mlp_options({}));
  StepRunner scaled(make_mlp(), mlp_options(dynamic(256)));
  for (int i = 0; i < 4; ++i) {
    plain.advance();
    scaled.advance();
  }
  EXPECT_EQ(scaled.scale(), 1024);
  const auto a = plain.parameter("fc1.weight").span<float>();
  const auto b = scaled.parameter("fc1.weight").span<float>();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);
}

TEST(MixedPrecision, ForwardAndBackwardAreHalfAndTheUpdateIsNot) {
  for (const Precision precision : {Precision::kF16, Precision::kBF16}) {
    StepOptions options = block_options({.scaling = LossScaling::fixed(128)});
    options.precision = precision;
    const TrainingStep step = make_step(make_block(), options);
    int half_convolutions = 0;
    for (const auto& node : step.graph.nodes()) {
      if (node->op().starts_with("Conv"))
        half_convolutions += node->output()->dtype() == precision_dtype(precision);
      if (node->op() != "SgdUpdate" && node->op() != "GradUnscale") continue;
      for (const Value* input : node->inputs())
        EXPECT_TRUE(!input || !is_half(input->dtype())) << node->label();
    }
    EXPECT_EQ(half_convolutions, 3 + 3 + 1);  // forward, weight gradients, the one data gradient
    for (const StateTensor& s : step.state) EXPECT_FALSE(is_half(step.graph.find_value(s.output)->dtype()));
  }
}

TEST(MixedPrecision, StepIsCloseToFp32) {
  StepOptions options = block_options({.scaling = LossScaling::fixed(128)});
  StepRunner full(make_block(), options);
  options.precision = Precision::kF16;
  StepRunner half(make_block(), options);
  const auto a = full.advance();
  const auto b = half.advance();
  EXPECT_NEAR(scalar_of(a, full.step.loss), scalar_of(b, half.step.loss), 5e-3);
  for (const std::string& name : parameters(full.step)) {
    const auto x = full.momentum(name).span<float>();
    const auto y = half.momentum(name).span<float>();
    float largest = 0;
    for (const float v : x) largest = std::max(largest, std::abs(v));
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(x[i], y[i], 0.02F * largest + 1e-3F) << name << " " << i;
  }
}

TEST(Step, DonatesAllState) {
  const TrainingStep step = make_step(make_block(), block_options({.scaling = LossScaling::dynamic()}));
  EXPECT_EQ(step.donations().size(), step.state.size());
  EXPECT_EQ(step.state.size(), 11U * 2 + 6 + 2);
  for (const auto& [output, input] : step.donations())
    EXPECT_EQ(step.graph.find_value(output)->type(), step.graph.find_value(input)->type()) << output;
}

TEST(Step, TrainsEveryWeightOfAWholeNetwork) {
  for (const Precision precision : {Precision::kF32, Precision::kF16}) {
    const TrainingStep step = make_step(
        zoo::make("resnet20"), {.batch_size = 2, .image_shape = {3, 32, 32}, .precision = precision});
    // 21 convolutions (two of them projections), 21 batch norms, weight and bias of the classifier.
    EXPECT_EQ(parameters(step).size(), 21U + 2 * 21 + 2);
    EXPECT_EQ(step.state.size(), 2 * parameters(step).size() + 2 * 21);
    EXPECT_EQ(step.paint.changed(), precision == Precision::kF16);
  }
}

TEST(Step, RefusesOptionsOutOfRange) {
  const auto expect = [](const StepOptions& options, const char* text) {
    EXPECT_ERROR(make_step(make_mlp(), options), kInvalidArgument, text);
  };
  StepOptions base{.batch_size = 2, .image_shape = {7}};
  StepOptions bad = base;
  bad.label_smoothing = 1;
  expect(bad, "[label_smoothing] is 1");
  bad = base;
  bad.masked = {"fc9.weight"};
  expect(bad, "mask \"fc9.weight\" belongs to no parameter");
  bad = base;
  bad.update.sgd.lr = NAN;
  expect(bad, "[sgd lr] is nan");
  bad = base;
  bad.update.sgd = {.momentum = 0, .nesterov = true};
  expect(bad, "[sgd nesterov]");
  bad = base;
  bad.update.scaling = {.mode = LossScaling::Mode::kDynamic, .init_scale = 0.5};
  expect(bad, "min 1 <= init 0.5");
  bad = base;
  bad.update.scaling = {.mode = LossScaling::Mode::kDynamic, .backoff_factor = 1};
  expect(bad, "backoff_factor");
}

}  // namespace
}  // namespace twofour::train
