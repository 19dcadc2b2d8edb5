// com.microsoft: the Gelu family, and old activations that ONNX has dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr const char* kMs = "com.microsoft";

double gelu(double v) { return 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))); }
double fast_gelu(double v) {
  return 0.5 * v * (1 + std::tanh(0.7978845608028654 * v + 0.035677408136300125 * v * v * v));
}

void expect_map(const OneNode& model, const std::vector<float>& src, double (*fn)(double)) {
  std::vector<float> expected;
  for (const float v : src) expected.push_back(static_cast<float>(fn(v)));
  EXPECT_THAT(model.values(), Pointwise(FloatNear(2e-6F), expected));
}

std::vector<float> sums(const Tensor& rows, const Tensor& bias) {
  std::vector<float> result;
  for (size_t i = 0; i < rows.span<float>().size(); ++i)
    result.push_back(rows.span<float>()[i] + bias.span<float>()[i % bias.span<float>().size()]);
  return result;
}

TEST(VendorActivation, GeluAndItsKin) {
  const Tensor x = random({2, 3}, 2), bias = random({3}, 3);
  expect_map(OneNode(kMs, "Gelu", {x}), floats(x), gelu);
  expect_map(OneNode(kMs, "FastGelu", {x}), floats(x), fast_gelu);
  expect_map(OneNode(kMs, "BiasGelu", {x, bias}), sums(x, bias), gelu);
  expect_map(OneNode(kMs, "FastGelu", {x, bias}), sums(x, bias), fast_gelu);
  expect_map(OneNode(kMs, "QuickGelu", {x}), floats(x),
             [](double v) { return v / (1 + std::exp(-1.702 * v)); });
  OneNode slope(kMs, "QuickGelu", {x});
  slope.file.attr("alpha", 0.5F);
  expect_map(slope, floats(x), [](double v) { return v / (1 + std::exp(-0.5 * v)); });
}

TEST(VendorActivation, DroppedByOnnx) {
  const Tensor x = random({2, 3}, 2);
  OneNode affine("", "Affine", {x}, 1, {}, 7);
  affine.file.attr("alpha", 2.0F).attr("beta", 0.5F);
  expect_map(affine, floats(x), [](double v) { return 2 * v + 0.5; });
  OneNode scale("", "Scale", {x}, 1, {}, 7);
  scale.file.attr("scale", 3.0F);
  expect_map(scale, floats(x), [](double v) { return 3 * v; });
  OneNode softplus("", "ParametricSoftplus", {x}, 1, {}, 7);
  softplus.file.attr("alpha", 2.0F).attr("beta", 0.5F);
  expect_map(softplus, floats(x), [](double v) { return 2 * std::log(std::exp(0.5 * v) + 1); });
  OneNode tanh("", "ScaledTanh", {x}, 1, {}, 7);
  tanh.file.attr("alpha", 2.0F).attr("beta", 0.5F);
  expect_map(tanh, floats(x), [](double v) { return 2 * std::tanh(0.5 * v); });
}

TEST(VendorActivation, ImageScalerAddsItsBiasPerChannel) {
  OneNode model("", "ImageScaler", {tensor<float>({1, 2, 1, 2}, {1, 2, 3, 4})}, 1, {}, 7);
  model.file.attr("scale", 2.0F).attr("bias", std::vector<float>{10, 20});
  EXPECT_THAT(model.values(), testing::ElementsAre(12, 14, 26, 28));
}

TEST(VendorActivation, CropByBorderOrBySize) {
  std::vector<float> image(12);
  std::iota(image.begin(), image.end(), 0.0F);
  OneNode border("", "Crop", {tensor<float>({1, 1, 3, 4}, image)}, 1, {}, 7);
  border.file.attr("border", std::vector<int64_t>{1, 0, 1, 2});  // left, top, right, bottom
  EXPECT_THAT(border.values(), testing::ElementsAre(1, 2));
  OneNode size("", "Crop", {tensor<float>({1, 1, 3, 4}, image)}, 1, {}, 7);
  size.file.attr("border", std::vector<int64_t>{1, 1, 0, 0}).attr("scale", std::vector<int64_t>{1, 2});
  EXPECT_THAT(size.values(), testing::ElementsAre(5, 6));
}

}  // namespace
}  // namespace twofour::onnx_io
