// Gradients of whole networks against central differences of the loss.
#include <gtest/gtest.h>

#include <cmath>

#include "models.h"

namespace twofour::train {
namespace {

struct Net {
  const char* name;
  Graph (*make)();
  Shape image_shape;
  double label_smoothing;
};

class GradientTest : public testing::TestWithParam<Net> {};
INSTANTIATE_TEST_SUITE_P(Nets, GradientTest,
                         testing::Values(Net{"Mlp", make_mlp, {7}, 0}, Net{"Lenet", make_lenet, {2, 9, 7}, 0},
                                         Net{"BasicBlock", make_block, {3, 7, 5}, 0},
                                         Net{"BasicBlockSmoothed", make_block, {3, 7, 5}, 0.1}),
                         [](const auto& net) { return std::string(net.param.name); });

double slope(StepRunner& runner, float& value, float epsilon) {
  const float old = value;
  value = old + epsilon;
  const double high = scalar_of(runner.run(), runner.step.loss);
  value = old - epsilon;
  const double low = scalar_of(runner.run(), runner.step.loss);
  value = old;
  return (high - low) / (2 * double{epsilon});
}

TEST_P(GradientTest, AgreesWithFiniteDifferences) {
  // Without momentum and decay the new momentum buffer is the gradient.
  const StepOptions options{.batch_size = 3,
                            .image_shape = GetParam().image_shape,
                            .label_smoothing = GetParam().label_smoothing,
                            .update = {.sgd = {.momentum = 0, .weight_decay = 0}}};
  StepRunner runner(GetParam().make(), options);
  const StepRunner::Tensors base = runner.run();
  int checked = 0;
  int kinks = 0;
  for (const StateTensor& s : runner.step.state) {
    if (s.kind != StateTensor::Kind::kParameter) continue;
    SCOPED_TRACE(s.name);
    const auto gradient = base.at(runner.state(StateTensor::Kind::kMomentum, s.name).output).span<float>();
    const auto values = runner.inputs.at(s.input).span<float>();
    const size_t stride = std::max<size_t>(values.size() / 8, 1);
    for (size_t i = 0; i < values.size(); i += stride) {
      const double wide = slope(runner, values[i], 8e-3F);
      const double narrow = slope(runner, values[i], 4e-3F);
      const double tolerance = 3e-4 + 0.02 * std::abs(narrow);
      if (std::abs(wide - narrow) > tolerance) {  // a kink of relu or max lies between
        ++kinks;
        continue;
      }
      ++checked;
      EXPECT_NEAR(gradient[i], narrow, tolerance) << "element " << i;
    }
  }
  EXPECT_GT(checked, 5 * kinks);
  EXPECT_GT(checked, 20);
}

}  // namespace
}  // namespace twofour::train
