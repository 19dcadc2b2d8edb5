// com.microsoft: operators between codes, against the formula on the values that the codes stand for. The
// numbers are chosen so that no result lies between two codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr const char* kMs = "com.microsoft";

Tensor one(float value) { return tensor<float>({}, {value}); }
Tensor zero(uint8_t value) { return tensor<uint8_t>({}, {value}); }

TEST(VendorQuantised, BinaryOperators) {
  // Values 1, -2, 3 (scale 0.5) and 2 (scale 0.25).
  const std::vector<Tensor> inputs = {tensor<uint8_t>({3}, {12, 6, 16}),
                                      one(0.5F),
                                      zero(10),
                                      tensor<uint8_t>({1}, {8}),
                                      one(0.25F),
                                      {},
                                      one(0.5F),
                                      zero(4)};
  EXPECT_THAT(OneNode(kMs, "QLinearAdd", inputs).values(), ElementsAre(10, 4, 14));
  EXPECT_THAT(OneNode(kMs, "QLinearMul", inputs).values(), ElementsAre(8, 0, 16));  // 0: saturated
}

TEST(VendorQuantised, UnaryOperators) {
  const Tensor codes = tensor<int8_t>({3}, {-8, 0, 8});  // -4, 0, 4
  const auto code = [](int8_t value) { return tensor<int8_t>({}, {value}); };
  OneNode leaky(kMs, "QLinearLeakyRelu", {codes, one(0.5F), code(0), one(0.25F), code(1)});
  leaky.file.attr("alpha", 0.25F);
  EXPECT_THAT(leaky.values(), ElementsAre(-3, 1, 17));
  // sigmoid(4) = 0.98201
  OneNode sigmoid(kMs, "QLinearSigmoid", {codes, one(0.5F), {}, one(1 / 256.0F), code(-128)});
  EXPECT_THAT(sigmoid.values(), ElementsAre(-123, 0, 123));
}

TEST(VendorQuantised, SoftmaxOverOneAxisOrOverAllThatFollow) {
  const Tensor codes = tensor<uint8_t>({1, 2, 2}, {0, 1, 2, 3});
  const auto run = [&](int64_t opset) {
    OneNode model(kMs, "QLinearSoftmax", {codes, one(1), zero(0), one(1 / 256.0F), zero(0)});
    model.file.attr("axis", int64_t{1}).attr("opset", opset);
    return model.values();
  };
  // exp(v) / sum: 1 / (1 + e^2) = 0.1192, 0.8808; 0.0321, 0.0871, 0.2369, 0.6439.
  EXPECT_THAT(run(13), ElementsAre(31, 31, 225, 225));
  EXPECT_THAT(run(11), ElementsAre(8, 22, 61, 165));
}

TEST(VendorQuantised, ConcatBringsEveryInputToOneScale) {
  OneNode model(kMs, "QLinearConcat",
                {one(0.5F), zero(10), tensor<uint8_t>({1, 2}, {2, 4}), one(1), zero(2),
                 tensor<uint8_t>({1, 1}, {8}), one(0.25F), zero(0)});
  model.file.attr("axis", int64_t{1});
  EXPECT_THAT(model.values(), ElementsAre(10, 14, 14));  // 0, 2, 2
}

TEST(VendorQuantised, PoolingWithChannelsFirstAndLast) {
  const Tensor first = tensor<uint8_t>({1, 2, 1, 2}, {1, 3, 10, 30}),
               last = tensor<uint8_t>({1, 1, 2, 2}, {1, 10, 3, 30});
  for (const int64_t channels_last : {0, 1}) {
    const Tensor& src = channels_last ? last : first;
    OneNode global(kMs, "QLinearGlobalAveragePool", {src, one(1), zero(0), one(0.5F), zero(1)});
    global.file.attr("channels_last", channels_last);
    EXPECT_THAT(global.values(), ElementsAre(5, 41));
    OneNode average(kMs, "QLinearAveragePool", {src, one(1), {}, one(1), {}});
    average.file.attr("channels_last", channels_last).attr("kernel_shape", std::vector<int64_t>{1, 2});
    EXPECT_THAT(average.values(), ElementsAre(2, 20));
  }
  OneNode most(kMs, "NhwcMaxPool", {last});
  most.file.attr("kernel_shape", std::vector<int64_t>{1, 2});
  EXPECT_THAT(most.values(), ElementsAre(3, 30));
}

TEST(VendorQuantised, ProductsOfCodes) {
  // Values of A (scale 0.5, zero point 1): 0.5, 1; of B per column (0.25, 2; zero points 1, 3): 0.25, 2 /
  // 0.5, -4.
  const Tensor a = tensor<uint8_t>({1, 2}, {2, 3}), b = tensor<int8_t>({2, 2}, {2, 4, 3, 1}),
               b_scale = tensor<float>({2}, {0.25F, 2}), b_zero = tensor<int8_t>({2}, {1, 3}),
               bias = tensor<float>({2}, {10, 20});
  EXPECT_THAT(
      OneNode(kMs, "MatMulIntegerToFloat", {a, b, one(0.5F), b_scale, zero(1), b_zero, bias}).values(),
      ElementsAre(10.625F, 17));
  // Gemm with C in units of a_scale * b_scale, to codes of scale 0.125 around 100.
  OneNode gemm(kMs, "QGemm",
               {a, one(0.5F), zero(1), tensor<int8_t>({2, 2}, {2, 3, 4, 1}), b_scale, b_zero,
                tensor<int32_t>({2}, {8, 1}), one(0.125F), zero(100)});
  gemm.file.attr("transB", int64_t{1}).attr("alpha", 2.0F);
  EXPECT_THAT(gemm.values(), ElementsAre(126, 68));  // 2 * (0.625 + 8 / 8) = 3.25; 2 * (-3 + 1) = -4
  const auto full = [&](const Tensor& c) {
    return OneNode(kMs, "QGemm", {a, one(0.5F), zero(1), b, b_scale, b_zero, c}).values();
  };
  EXPECT_THAT(full({}), ElementsAre(0.625F, -3));
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1, 1}})  // 8 units of 0.125 and of 1
    EXPECT_THAT(full(tensor<int32_t>(shape, {8})), ElementsAre(1.625F, 5));
  // A's range of 255 gives it the scale 1.
  EXPECT_THAT(
      OneNode(kMs, "DynamicQuantizeMatMul", {tensor<float>({1, 2}, {-55, 200}), b, b_scale, b_zero, bias})
          .values(),
      Pointwise(FloatNear(1e-3F), std::vector<float>{-55 * 0.25F + 200 * 0.5F + 10, -55 * 2 - 200 * 4 + 20}));
}

TEST(VendorQuantised, ProductsThatExceedHalfPrecisionBeforeTheirScale) {
  // 4 * 255 * 255 / 2^14 = 15.875
  const Tensor codes = tensor<uint8_t>({4, 1}, {255, 255, 255, 255}), scale = one(0x1p-7F).to(DType::kF16);
  const Tensor got =
      OneNode(kMs, "MatMulIntegerToFloat", {codes.reshaped({1, 4}), codes, scale, scale}).run()[0];
  EXPECT_EQ(got.dtype(), DType::kF16);
  EXPECT_THAT(floats(got), ElementsAre(15.875F));
}

TEST(VendorQuantised, AttentionOfCodesIsThatOfTheirValues) {
  // Inputs around 128 in steps of 0.5; weights around 1, a scale for each column.
  const Tensor bias = row({0.5F, 0, -0.5F, 0, 1, 2});
  OneNode codes(kMs, "QAttention",
                {tensor<uint8_t>({1, 2, 2}, {130, 127, 126, 129}),
                 tensor<int8_t>({2, 6}, {2, 3, 0, -1, 5, 1, 1, 1, 4, 2, -3, 9}),
                 bias,
                 one(0.5F),
                 row({0.5F, 1, 0.25F, 1, 2, 0.125F}),
                 {},
                 zero(128),
                 tensor<int8_t>({1}, {1})});
  OneNode reals(kMs, "Attention",
                {tensor<float>({1, 2, 2}, {1, -0.5F, -1, 0.5F}),
                 tensor<float>({2, 6}, {0.5F, 2, -0.25F, -2, 8, 0, 0, 0, 0.75F, 1, -8, 1}), bias});
  for (OneNode* model : {&codes, &reals}) model->file.attr("num_heads", int64_t{1});
  EXPECT_THAT(codes.values(), Pointwise(FloatNear(1e-5F), reals.values()));
}

TEST(VendorQuantised, LinearOfThisDomainIsThatOfOnnx) {
  EXPECT_THAT(OneNode(kMs, "QuantizeLinear", {tensor<float>({2}, {1, 2}), one(0.5F), zero(3)}).values(),
              ElementsAre(5, 7));
  OneNode axis(kMs, "DequantizeLinear",
               {tensor<int8_t>({2, 1}, {4, 4}), tensor<float>({2}, {0.5F, 1}), tensor<int8_t>({2}, {0, 1})});
  axis.file.attr("axis", int64_t{0});
  EXPECT_THAT(axis.values(), ElementsAre(2, 3));
  OneNode named(kMs, "QuantizeLinear", {tensor<float>({2}, {1, -2}), one(0.5F)});
  named.file.attr("output_dtype", int64_t{onnx::TensorProto::INT8});
  EXPECT_THAT(named.values(), ElementsAre(2, -4));
}

TEST(VendorQuantised, WeightsOfFewBitsInBlocks) {
  // N 1, K 20 in blocks of 16: the second block is padded. Code i is i % 16; codes sit low nibble first.
  std::vector<uint8_t> packed(16);
  for (size_t i = 0; i < 32; ++i) packed[i / 2] |= static_cast<uint8_t>((i % 16) << (i % 2 * 4));
  const Tensor ones = tensor<float>({1, 20}, std::vector<float>(20, 1));
  const auto run = [&](const Tensor& zeros, const std::vector<float>& scales = {1, 10}) {
    OneNode model(kMs, "MatMulNBits", {ones, tensor({1, 2, 8}, packed), tensor<float>({2}, scales), zeros}, 1,
                  {1, 2, 3});
    if (!zeros.defined())
      model = OneNode(kMs, "MatMulNBits", {ones, tensor({1, 2, 8}, packed), tensor<float>({2}, scales)}, 1,
                      {1, 2});
    model.file.attr("N", int64_t{1})
        .attr("K", int64_t{20})
        .attr("bits", int64_t{4})
        .attr("block_size", int64_t{16});
    return model.values()[0];
  };
  // Sums of codes: 120 of the first 16, 6 of the other 4.
  EXPECT_FLOAT_EQ(run({}), (120 - 16 * 8) + 10 * (6 - 4 * 8));
  EXPECT_FLOAT_EQ(run(tensor<uint8_t>({1}, {0x21})), (120 - 16 * 1) + 10 * (6 - 4 * 2));
  EXPECT_FLOAT_EQ(run(tensor<float>({1, 2}, {0.5F, 1.5F})), (120 - 16 * 0.5F) + 10 * (6 - 4 * 1.5F));
  // ONNX Runtime gives the block a negative scale when its largest weight is positive, a block of zeros 0.
  EXPECT_FLOAT_EQ(run({}, {-0.5F, 2}), -0.5F * (120 - 16 * 8) + 2 * (6 - 4 * 8));
  EXPECT_FLOAT_EQ(run(tensor<uint8_t>({1}, {0x21}), {0, -1}), -(6 - 4 * 2));
  EXPECT_FLOAT_EQ(run(tensor<float>({1, 2}, {-0.5F, 1.5F}), {-2, 0}), -2 * (120 + 16 * 0.5F));
}

TEST(VendorQuantised, DynamicQuantizeLstmOfOneStep) {
  // From h = 0: c = sigmoid(i) tanh(g), h = sigmoid(o) tanh(c), gates i, o, f, c. The range of x gives codes
  // that hold it.
  const Tensor x = tensor<float>({1, 1, 2}, {0, 255}),
               w = tensor<int8_t>({1, 2, 4}, {9, 9, 9, 9, 1, 2, 3, 4});
  const Tensor r = tensor<int8_t>({1, 1, 4}, {50, 60, 70, 80});
  const Tensor scales = tensor<float>({1, 4}, {1 / 512.0F, 1 / 256.0F, 1 / 512.0F, 1 / 512.0F});
  OneNode model(kMs, "DynamicQuantizeLSTM",
                {x,
                 w,
                 r,
                 {},
                 {},
                 {},
                 {},
                 {},
                 scales,
                 tensor<int8_t>({1, 4}, {0, 1, 0, 0}),
                 tensor<float>({1}, {1 / 512.0F}),
                 tensor<int8_t>({1}, {0})},
                3, {1, 2, 8, 9, 10, 11});
  model.file.attr("hidden_size", int64_t{1});
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  const double unit = 255 / 512.0, cell = sigmoid(unit) * std::tanh(4 * unit);
  const std::vector<Tensor> results = model.run();
  EXPECT_NEAR(floats(results[2])[0], cell, 1e-5);
  EXPECT_NEAR(floats(results[1])[0], sigmoid(2 * unit) * std::tanh(cell), 1e-5);
}

}  // namespace
}  // namespace twofour::onnx_io
