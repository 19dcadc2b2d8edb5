// QLinearConv and QLinearMatMul become the operator between DequantizeLinear and QuantizeLinear. The numbers
// are chosen so that no result lies between two codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;

constexpr const char* kMs = "com.microsoft";

std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> ops;
  for (const Node* node : graph.node_list()) ops.push_back(node->op());
  return ops;
}

/// Values 1, 0, -1; the filters 1, 0.5 and -2, 2, each with its scale; biases 1 and -1; results in steps of
/// 0.5 around 4.
std::vector<Tensor> conv_inputs() {
  return {tensor<uint8_t>({1, 1, 1, 3}, {130, 128, 126}),
          scalar(0.5F),
          scalar<uint8_t>(128),
          tensor<int8_t>({2, 1, 1, 2}, {4, 2, -1, 3}),
          tensor<float>({2}, {0.25F, 1}),
          tensor<int8_t>({2}, {0, 1}),
          scalar(0.5F),
          scalar<uint8_t>(4),
          tensor<int32_t>({2}, {8, -2})};
}

TEST(QLinearConv, PaddingHoldsTheZeroPointAndEveryChannelHasItsScale) {
  for (const char* domain : {"", kMs}) {
    OneNode model(domain, "QLinearConv", conv_inputs());
    model.file.attr("pads", std::vector<int64_t>{0, 1, 0, 0});
    EXPECT_THAT(model.values(), ElementsAre(7, 8, 5, 6, 0, 0));  // 1.5, 2, 0.5; 1, -3, -3
  }
}

TEST(QLinearConv, ChannelsMayComeLast) {
  std::vector<Tensor> inputs = conv_inputs();
  inputs[0] = inputs[0].reshaped({1, 1, 3, 1});
  OneNode model(kMs, "QLinearConv", inputs);
  model.file.attr("pads", std::vector<int64_t>{0, 1, 0, 0}).attr("channels_last", int64_t{1});
  EXPECT_THAT(model.values(), ElementsAre(7, 6, 8, 0, 5, 0));
}

TEST(QLinearConv, IsConvBetweenDequantizeAndQuantizeLinear) {
  const Graph graph = OneNode("", "QLinearConv", conv_inputs()).file.import();
  EXPECT_THAT(ops_of(graph), ElementsAre("DequantizeLinear", "Mul", "DequantizeLinear", "DequantizeLinear",
                                         "Conv", "QuantizeLinear"));
}

TEST(QLinearConv, ScaleOrZeroPointMayServeEveryChannel) {
  std::vector<Tensor> inputs = conv_inputs();
  inputs[5] = tensor<int8_t>({1}, {2});
  // Filters 0.5, 0 and -3, 1: 1.5, 1; -4, -2.
  EXPECT_THAT(OneNode("", "QLinearConv", inputs).values(), ElementsAre(7, 6, 0, 0));
  inputs[4] = scalar(0.25F);
  inputs[5] = tensor<int8_t>({2}, {0, 1});
  inputs[8] = tensor<int32_t>({2}, {8, -4});
  // Filters 1, 0.5 and -0.5, 0.5, biases 1 and -0.5: 2, 0.5; -1, -1.
  EXPECT_THAT(OneNode("", "QLinearConv", inputs).values(), ElementsAre(8, 5, 2, 2));
}

/// Codes that cover the range of i8 or u8.
Tensor scattered(DType dtype, const Shape& shape) {
  Tensor codes(DType::kI32, shape);
  const int32_t lowest = dtype == DType::kI8 ? -128 : 0;
  for (int32_t i = 0; int32_t & code : codes.span<int32_t>()) {
    code = lowest + (149 * i + 31 * i * i) % 256;
    ++i;
  }
  return codes.to(dtype);
}

TEST(QLinearConv, IsTheIntegerConvolutionInScale) {
  const Tensor src = scattered(DType::kU8, {2, 4, 5, 6}), weight = scattered(DType::kI8, {6, 2, 3, 3}),
               src_zero = scalar<uint8_t>(117), weight_zero = tensor<int8_t>({6}, std::vector<int8_t>(6, 0));
  const std::vector<float> scales = {1e-3F, 2e-3F, 3e-3F, 1e-3F, 5e-3F, 1e-3F};
  const std::vector<int32_t> bias = {1000, -500, 0, 70000, 1, -2};
  const auto run_with = [](const char* op, const std::vector<Tensor>& inputs) {
    OneNode model("", op, inputs);
    model.file.attr("group", int64_t{2})
        .attr("pads", std::vector<int64_t>{1, 0, 1, 2})
        .attr("strides", std::vector<int64_t>{2, 1});
    return model.run()[0];
  };
  const Tensor sums = run_with("ConvInteger", {src, weight, src_zero, weight_zero});
  const Tensor got =
      run_with("QLinearConv", {src, scalar(0.5F), src_zero, weight, tensor<float>({6}, scales), weight_zero,
                               scalar(0.75F), scalar<uint8_t>(90), tensor<int32_t>({6}, bias)});
  const auto channel_size = static_cast<size_t>(sums.shape().numel(2, 4));
  for (size_t i = 0; i < sums.span<int32_t>().size(); ++i) {
    const size_t k = i / channel_size % 6;
    const double value = (sums.span<int32_t>()[i] + bias[k]) * 0.5 * double{scales[k]} / 0.75 + 90;
    EXPECT_NEAR(got.span<uint8_t>()[i], std::clamp(value, 0.0, 255.0), 0.501) << i;
  }
}

TEST(QLinearConv, ErrorsNameTheInput) {
  const auto refused = [](size_t input, const Tensor& wrong, const char* text) {
    std::vector<Tensor> inputs = conv_inputs();
    inputs[input] = wrong;
    EXPECT_ERROR(OneNode("", "QLinearConv", inputs).run(), kInvalidArgument, text);
  };
  const Tensor two = tensor<float>({2}, {1, 1}), three = tensor<float>({3}, {1, 1, 1});
  refused(1, two, "x_scale is f32[2]; one element is expected");
  refused(2, scalar<int8_t>(0), "dequantising \"x0\"");
  refused(3, {}, "input 3 (w) is missing");
  refused(4, three, "dequantising \"x3\"");
  refused(5, scalar<uint8_t>(0), "dequantising \"x3\"");
  refused(6, two, "the scale of the result is f32[2]; one element is expected");
  refused(7, {}, "input 7 (y_zero_point) is missing");
  refused(8, two, "the bias is f32[2]; it must be of type i32");
  refused(8, tensor<int32_t>({3}, {1, 1, 1}), "dequantising \"x8\"");
  OneNode last("", "QLinearConv", conv_inputs());
  last.file.attr("channels_last", int64_t{1});
  EXPECT_ERROR(last.run(), kUnsupported, "attribute channels_last is not supported");
}

TEST(QLinearMatMul, RowsAndColumnsHaveScalesAndZeroPoints) {
  const Tensor a = tensor<int8_t>({2, 2}, {1, 2, 3, 4}), a_scale = tensor<float>({2}, {1, 10}),
               b = tensor<int8_t>({2, 2}, {1, 0, 0, 1}), b_scale = tensor<float>({2}, {1, 0.5F});
  // [[1, 2], [30, 40]] [[1, 0], [0, 0.5]]
  EXPECT_THAT(
      OneNode("", "QLinearMatMul",
              {a, a_scale, scalar<int8_t>(0), b, b_scale, scalar<int8_t>(0), scalar(1.0F), scalar<int8_t>(5)})
          .values(),
      ElementsAre(6, 6, 35, 25));
  // [[0, 1], [10, 20]] [[1, 0.5], [0, 1]]
  const Tensor a_zero = tensor<int8_t>({2}, {1, 2}), b_zero = tensor<int8_t>({2}, {0, -1});
  EXPECT_THAT(
      OneNode("", "QLinearMatMul", {a, a_scale, a_zero, b, b_scale, b_zero, scalar(1.0F), scalar<int8_t>(0)})
          .values(),
      ElementsAre(0, 1, 10, 25));
}

TEST(QLinearMatMul, BatchesHaveScalesOfRows) {
  const Tensor a = tensor<uint8_t>({2, 2, 1}, {1, 2, 3, 4}), b = tensor<uint8_t>({1, 1}, {2});
  EXPECT_THAT(OneNode("", "QLinearMatMul",
                      {a, tensor<float>({2}, {1, 10}), tensor<uint8_t>({2}, {0, 1}), b, scalar(1.0F),
                       scalar<uint8_t>(0), scalar(1.0F), scalar<uint8_t>(0)})
                  .values(),
              ElementsAre(2, 20, 6, 60));
}

TEST(QLinearMatMul, ScalesInHalfPrecisionDoNotLimitTheProduct) {
  const auto half = [](float value) { return scalar(value).to(DType::kF16); };
  const Tensor codes = tensor<uint8_t>({2, 1}, {200, 200});
  // 2 * 800 * 800 = 156.25 * 8192, beyond the range of f16.
  EXPECT_THAT(OneNode("", "QLinearMatMul",
                      {codes.reshaped({1, 2}), half(4), scalar<uint8_t>(0), codes, half(4),
                       scalar<uint8_t>(0), half(8192), scalar<uint8_t>(0)})
                  .values(),
              ElementsAre(156));
}

TEST(QLinearMatMul, ErrorsNameTheInput) {
  const Tensor codes = tensor<uint8_t>({2, 2}, {1, 2, 3, 4}), three = tensor<float>({3}, {1, 1, 1});
  const auto refused = [&](size_t input, const Tensor& wrong, const char* text) {
    std::vector<Tensor> inputs = {codes,        scalar(1.0F),       scalar<uint8_t>(0), codes,
                                  scalar(1.0F), scalar<uint8_t>(0), scalar(1.0F),       scalar<uint8_t>(0)};
    inputs[input] = wrong;
    EXPECT_ERROR(OneNode("", "QLinearMatMul", inputs).run(), kInvalidArgument, text);
  };
  refused(1, three, "dequantising \"x0\"");
  refused(2, scalar<int8_t>(0), "dequantising \"x0\"");
  refused(4, three, "dequantising \"x3\"");
  refused(6, three, "the scale of the result is f32[3]; one element is expected");
  refused(7, {}, "input 7 (y_zero_point) is missing");
}

}  // namespace
}  // namespace twofour::onnx_io
