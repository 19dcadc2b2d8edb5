// Quantised operators against the arithmetic of the values that their codes stand for.
#include <cmath>

#include "base/rng.h"
#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;

Tensor codes(DType dtype, const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  Tensor tensor(DType::kF32, shape);
  const float low = dtype == DType::kU8 ? 0 : -128;
  for (float& v : tensor.span<float>()) v = std::floor(rng.uniform(low, low + 256));
  return tensor.to(dtype);
}
/// (codes - zero point), as f32; one zero point for all.
Tensor real(const Tensor& tensor, float zero_point) {
  return run("Sub", {tensor.to(DType::kF32), Tensor::scalar(zero_point)});
}

TEST(QuantizeLinear, RoundsToEvenAndSaturates) {
  const Tensor src = floats({8}, {-1000, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F, 1000, NAN});
  EXPECT_THAT(values(run("QuantizeLinear", {src, Tensor::scalar(1), as(DType::kI8, {}, {3})})),
              ElementsAre(-128, 1, 3, 3, 5, 5, 127, 3));
  EXPECT_THAT(values(run("QuantizeLinear", {src, Tensor::scalar(1)})), ElementsAre(0, 0, 0, 0, 2, 2, 255, 0));
  EXPECT_THAT(values(run("QuantizeLinear", {floats({2}, {INFINITY, -INFINITY}), Tensor::scalar(1)},
                         {{"output_dtype", std::string("u16")}})),
              ElementsAre(65535, 0));
}

TEST(QuantizeLinear, ScalesOfAxesAndBlocks) {
  const Tensor src = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(values(run("QuantizeLinear", {src, floats({2}, {1, 2})}, {{"axis", int64_t{0}}})),
              ElementsAre(1, 2, 3, 2, 2, 3));
  EXPECT_THAT(values(run("QuantizeLinear", {src, floats({3}, {1, 2, 0.5F})})),
              ElementsAre(1, 1, 6, 4, 2, 12));
  EXPECT_THAT(
      values(run("QuantizeLinear", {src, floats({2, 2}, {1, 0.5F, 2, 0.25F})}, {{"block_size", int64_t{2}}})),
      ElementsAre(1, 2, 6, 2, 2, 24));
  expect_error(ErrorCode::kInvalidArgument, "scale is f32[2]; f32[3] is expected", [&] {
    run("QuantizeLinear", {src, floats({2}, {1, 2})});
  });
  expect_error(ErrorCode::kInvalidArgument, "f32[2,2] is expected", [&] {
    run("QuantizeLinear", {src, floats({2, 3}, {1, 1, 1, 1, 1, 1})}, {{"block_size", int64_t{2}}});
  });
  expect_error(ErrorCode::kInvalidArgument, "block_size is -1", [&] {
    run("QuantizeLinear", {src, Tensor::scalar(1)}, {{"block_size", int64_t{-1}}});
  });
  expect_error(ErrorCode::kInvalidArgument, "output_dtype is i8, but zero_point is u8", [&] {
    run("QuantizeLinear", {src, Tensor::scalar(1), as(DType::kU8, {}, {0})},
        {{"output_dtype", std::string("i8")}});
  });
  expect_error(ErrorCode::kUnsupported, "codes are i8, u8", [&] {
    run("QuantizeLinear", {src, Tensor::scalar(1), as(DType::kI32, {}, {0})});
  });
}

TEST(DequantizeLinear, UndoesQuantizeLinear) {
  const Tensor original = codes(DType::kI8, {4, 6}, 1);
  const Tensor scale = floats({4}, {0.5F, 0.25F, 2, 1});
  const Tensor zero = as(DType::kI8, {4}, {3, -7, 0, 100});
  const Attrs attrs = {{"axis", int64_t{0}}};
  const Tensor reals = run("DequantizeLinear", {original, scale, zero}, attrs);
  EXPECT_EQ(values(reals)[0], (values(original)[0] - 3) * 0.5F);
  EXPECT_EQ(values(run("QuantizeLinear", {reals, scale, zero}, attrs)), values(original));
  EXPECT_EQ(run("DequantizeLinear", {original, Tensor::scalar(1).to(DType::kF16)}).dtype(), DType::kF16);
}

TEST(DequantizeLinear, TakesAnyScale) {
  const Tensor codes = as(DType::kI8, {3}, {-2, 1, 4}), one = as(DType::kI8, {}, {1});
  const auto by = [&](float scale) {
    return values(run("DequantizeLinear", {codes, Tensor::scalar(scale), one}));
  };
  EXPECT_THAT(by(-0.5F), ElementsAre(1.5F, 0, -1.5F));
  EXPECT_THAT(by(0), ElementsAre(0, 0, 0));
  EXPECT_THAT(by(INFINITY), ElementsAre(-INFINITY, testing::IsNan(), INFINITY));
  EXPECT_THAT(by(NAN), testing::Each(testing::IsNan()));
}

/// But for NaN, ONNX Runtime's numbers.
TEST(QuantizeLinear, DividesByAnyScale) {
  const Tensor src = floats({7}, {0, 1, -1, 300, -300, INFINITY, -INFINITY}),
               middle = as(DType::kU8, {}, {128});
  const auto by = [&](float scale) {
    return values(run("QuantizeLinear", {src, Tensor::scalar(scale), middle}));
  };
  EXPECT_THAT(by(-1), ElementsAre(128, 127, 129, 0, 255, 0, 255));
  EXPECT_THAT(by(0), ElementsAre(128, 255, 0, 255, 0, 255, 0));
  EXPECT_THAT(by(INFINITY), ElementsAre(128, 128, 128, 128, 128, 128, 128));
  EXPECT_THAT(by(NAN), testing::Each(128));
}

TEST(DynamicQuantizeLinear, CoversTheRangeAndZero) {
  const auto out = run_n("DynamicQuantizeLinear", {floats({3}, {2, 4, 6})}, 3);
  EXPECT_FLOAT_EQ(values(out[1])[0], 6.0F / 255);
  EXPECT_THAT(values(out[2]), ElementsAre(0));
  EXPECT_THAT(values(out[0]), ElementsAre(85, 170, 255));
  const auto zeros = run_n("DynamicQuantizeLinear", {floats({2}, {0, 0})}, 3);
  EXPECT_THAT(values(zeros[0]), ElementsAre(0, 0));
  EXPECT_EQ(values(zeros[1])[0], 1);
}

TEST(MatMulInteger, IsTheProductOfTheCentredCodes) {
  const Tensor a = codes(DType::kU8, {2, 3, 5}, 1);
  const Tensor b = codes(DType::kI8, {5, 4}, 2);
  const Tensor got = run("MatMulInteger", {a, b, as(DType::kU8, {}, {117}), as(DType::kI8, {1}, {-3})});
  EXPECT_EQ(got.dtype(), DType::kI32);
  EXPECT_EQ(values(got), values(run("MatMul", {real(a, 117), real(b, -3)})));
}

TEST(MatMulInteger, ZeroPointsOfRowsAndColumns) {
  const Tensor a = as(DType::kU8, {2, 2}, {1, 2, 3, 4});
  const Tensor b = as(DType::kU8, {2, 2}, {5, 6, 7, 8});
  const Tensor got = run("MatMulInteger", {a, b, as(DType::kU8, {2}, {1, 2}), as(DType::kU8, {2}, {5, 6})});
  EXPECT_THAT(values(got), ElementsAre(2, 2, 4, 4));  // [[0,1],[1,2]] * [[0,0],[2,2]]
  expect_error(ErrorCode::kInvalidArgument, "a_zero_point is u8[3]; one element or a vector of 2", [&] {
    run("MatMulInteger", {a, b, as(DType::kU8, {3}, {1, 2, 3})});
  });
  expect_error(ErrorCode::kInvalidArgument, "must be of type u8", [&] {
    run("MatMulInteger", {a, b, as(DType::kI8, {}, {1})});
  });
}

TEST(ConvInteger, PaddingHoldsTheZeroPoint) {
  const Tensor src = codes(DType::kU8, {2, 4, 5, 6}, 3);
  const Tensor weight = codes(DType::kI8, {6, 2, 3, 2}, 4);
  const Attrs attrs = {{"group", int64_t{2}},
                       {"pads", std::vector<int64_t>{1, 0, 2, 1}},
                       {"strides", std::vector<int64_t>{2, 1}}};
  const Tensor got =
      run("ConvInteger", {src, weight, as(DType::kU8, {}, {100}), as(DType::kI8, {}, {7})}, attrs);
  EXPECT_EQ(values(got), values(run("Conv", {real(src, 100), real(weight, 7)}, attrs)));
}

}  // namespace
}  // namespace twofour::ops
