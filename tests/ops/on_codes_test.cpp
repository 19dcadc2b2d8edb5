// Operators on the values that codes stand for, by values worked out by hand.
#include "ops/quantisation/on_codes.h"

#include <limits>

#include "ops/helpers.h"
#include "ops/quantisation/example_inputs.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;

using Ints = std::vector<int64_t>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Attrs with_inputs(Attrs attrs, const std::vector<InputCodes>& codes) {
  set_input_codes(attrs, codes);
  return attrs;
}

TEST(QuantizedAdd, BroadcastsTheValuesOfBothSides) {
  // 0, 1, 2, 3 and 1, -1 along the last axis.
  const Tensor a = as(DType::kU8, {2, 2}, {10, 12, 14, 16}), b = as(DType::kI8, {2}, {4, -4});
  const Attrs attrs = with_inputs({}, {{0.5F, 10}, {0.25F, 0}});
  EXPECT_THAT(values(run("QuantizedAdd", {a, b}, attrs)), ElementsAre(1, 0, 3, 2));
  EXPECT_THAT(values(run("QuantizedAdd", {a, b}, with_output_codes(attrs, {DType::kU8, 0.5F, 1}))),
              ElementsAre(3, 1, 7, 5));
  EXPECT_THAT(values(run("QuantizedAdd", {b, a}, with_inputs({}, {{0.25F, 0}, {0.5F, 10}}))),
              ElementsAre(1, 0, 3, 2));
  EXPECT_THAT(values(run("QuantizedAdd", {a, Tensor::scalar(0.5F)}, with_inputs({}, {{0.5F, 10}, {}}))),
              ElementsAre(0.5F, 1.5F, 2.5F, 3.5F));
}

TEST(QuantizedMul, TheActivationComesBeforeTheCodes) {
  // 0, -1, 2, -3.
  const Tensor a = as(DType::kU8, {2, 2}, {10, 12, 14, 16}), b = as(DType::kI8, {2}, {4, -4});
  const Attrs attrs = with_inputs({{"activation", std::string("relu")}}, {{0.5F, 10}, {0.25F, 0}});
  EXPECT_THAT(values(run("QuantizedMul", {a, b}, with_output_codes(attrs, {DType::kI8, 1, -1}))),
              ElementsAre(-1, -1, 1, -1));
}

TEST(QuantizedAveragePool, PaddingThatCountsIsZero) {
  const Attrs codes = with_inputs({}, {{0.5F, 10}});
  Attrs square = codes;
  square.set("kernel_shape", Ints{2, 2});
  // (0 + 1 + 2 + 3) / 4
  EXPECT_THAT(values(run("QuantizedAveragePool", {as(DType::kU8, {1, 1, 2, 2}, {10, 12, 14, 16})},
                         with_output_codes(square, {DType::kU8, 0.5F, 4}))),
              ElementsAre(7));
  Attrs padded = codes;
  padded.set("kernel_shape", Ints{2});
  padded.set("pads", Ints{1, 0});
  const Tensor two = as(DType::kU8, {1, 1, 1}, {14});
  EXPECT_THAT(values(run("QuantizedAveragePool", {two}, padded)), ElementsAre(2));
  padded.set("count_include_pad", int64_t{1});
  EXPECT_THAT(values(run("QuantizedAveragePool", {two}, padded)), ElementsAre(1));
}

TEST(QuantizedGlobalAveragePool, TakesTheMeanOfEveryChannel) {
  const Tensor src = as(DType::kU8, {1, 2, 1, 2}, {10, 14, 12, 20});  // 0, 2; 1, 5
  const Attrs attrs = with_inputs({}, {{0.5F, 10}});
  EXPECT_THAT(values(run("QuantizedGlobalAveragePool", {src}, attrs)), ElementsAre(1, 3));
  EXPECT_THAT(
      values(run("QuantizedGlobalAveragePool", {src}, with_output_codes(attrs, {DType::kI8, 0.5F, -2}))),
      ElementsAre(0, 4));
}

TEST(OnCodes, RefusesWrongScalesZeroPointsAndTypes) {
  const Tensor a = as(DType::kU8, {2}, {1, 2});
  const auto refused = [&](ErrorCode code, const std::string& text, const Tensor& b, const Attrs& attrs) {
    expect_error(code, text, [&] { run("QuantizedAdd", {a, b}, attrs); });
  };
  refused(ErrorCode::kInvalidArgument, "there are 1 input_scales and 1 input_zero_points for 2 inputs", a,
          with_inputs({}, {{}}));
  refused(ErrorCode::kInvalidArgument, "there are 0 input_scales", a, {});
  for (const float scale : {0.0F, -1.0F, kNan, kInfinity})
    refused(ErrorCode::kInvalidArgument, fmt::format("scale 1 is {}; a positive number is expected", scale),
            a, with_inputs({}, {{}, {scale, 0}}));
  refused(ErrorCode::kInvalidArgument, "zero point 0 is 256; a value of u8 is expected", a,
          with_inputs({}, {{1, 256}, {}}));
  refused(ErrorCode::kInvalidArgument, "zero point 1 is -129; a value of i8 is expected", a.to(DType::kI8),
          with_inputs({}, {{}, {1, -129}}));
  refused(ErrorCode::kUnsupported, "input 1 is i32[2]; i8 and u8 are supported", a.to(DType::kI32),
          with_inputs({}, {{}, {}}));
  refused(ErrorCode::kInvalidArgument, "output_scale is nan", a,
          with_output_codes(with_inputs({}, {{}, {}}), {DType::kU8, kNan, 0}));
}

}  // namespace
}  // namespace twofour::ops
