#include "quant/codes.h"

#include "quant/weights.h"
#include "testing.h"

namespace twofour::quant {
namespace {

using ::testing::ElementsAre;

void expect_codes(const ops::OutputCodes& codes, DType dtype, float scale, int64_t zero_point) {
  EXPECT_EQ(codes.dtype, dtype);
  EXPECT_FLOAT_EQ(codes.scale, scale);
  EXPECT_EQ(codes.zero_point, zero_point);
}

TEST(Codes, CoverTheRangeAndZero) {
  expect_codes(codes_for({-1, 1.55F}, false), DType::kU8, 0.01F, 100);
  expect_codes(codes_for({2, 5.1F}, false), DType::kU8, 0.02F, 0);
  expect_codes(codes_for({-5.1F, -2}, false), DType::kU8, 0.02F, 255);
  expect_codes(codes_for({-2.54F, 1}, true), DType::kI8, 0.02F, 0);
}

TEST(Codes, OfNothingHaveScaleOne) {
  for (const float most : {0.0F, 1e-45F, 1e-38F}) {
    EXPECT_EQ(codes_for({0, most}, false).scale, 1);
    EXPECT_EQ(codes_for({-most, most}, true).scale, 1);
  }
  EXPECT_FLOAT_EQ(codes_for({-3e38F, 3e38F}, false).scale, static_cast<float>(6e38 / 255));
}

std::vector<int> ints(const Tensor& tensor) {
  const Tensor wide = tensor.to(DType::kI32);
  return {wide.span<int32_t>().begin(), wide.span<int32_t>().end()};
}

TEST(Weights, HaveOneScaleForEachChannel) {
  const Tensor weight = Tensor::of<float>({2, 3}, std::vector<float>{1.27F, 0, -0.015F, -2.54F, 0.03F, 1});
  const std::vector<float> rows = weight_scales(weight, 0);
  EXPECT_FLOAT_EQ(rows[0], 0.01F);
  EXPECT_FLOAT_EQ(rows[1], 0.02F);
  EXPECT_THAT(ints(weight_codes(weight, 0, rows)), ElementsAre(127, 0, -2, -127, 2, 50));
  const std::vector<float> columns = weight_scales(weight, 1);
  EXPECT_THAT(columns, ElementsAre(2.54F / 127, 0.03F / 127, 1.0F / 127));
}

TEST(Weights, OfZerosHaveTheLargestScale) {
  const Tensor weight = Tensor::of<float>({3, 1}, std::vector<float>{0, 1.27F, 0});
  EXPECT_THAT(weight_scales(weight, 0), ElementsAre(0.01F, 0.01F, 0.01F));
  const Tensor zeros(DType::kF32, {2, 2});
  EXPECT_THAT(weight_scales(zeros, 0), ElementsAre(1.0F / 127, 1.0F / 127));
}

TEST(Biases, AreInUnitsOfTheSums) {
  EXPECT_THAT(ints(bias_codes(std::vector<float>{1, -0.5F}, {2}, std::vector<float>{0.25F, 0.1F})),
              ElementsAre(4, -5));
}

TEST(Biases, RaiseTheScaleThatTheyDoNotFit) {
  std::vector<float> scales = {1e-12F, 1e-3F};
  const std::vector<float> bias = {100, 100};
  fit_bias(scales, bias, 0.01F);
  EXPECT_GT(scales[0], 1e-12F);
  EXPECT_EQ(scales[1], 1e-3F);
  for (float& scale : scales) scale *= 0.01F;
  EXPECT_NEAR(ints(bias_codes(bias, {2}, scales))[0], 1 << 30, 256);
}

}  // namespace
}  // namespace twofour::quant
