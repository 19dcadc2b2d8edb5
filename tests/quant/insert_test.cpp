// Where codes stand in a network, and what they are.
#include "quant/insert.h"

#include <cmath>

#include "base/errors.h"
#include "ir/verify.h"
#include "quant/calibration.h"
#include "sparsity/metadata.h"
#include "sparsity/prune.h"
#include "testing.h"

namespace twofour::quant {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;

/// [-1, 1.55] for every tensor: u8 codes of scale 0.01 and zero point 100.
TensorRanges all_ranges(const Graph& graph) {
  TensorRanges ranges;
  for (const Value* value : quantisable_values(graph)) ranges[value->name()] = {-1, 1.55F, 0};
  return ranges;
}

Graph inserted(std::string_view text, const QuantizeOptions& options = {}) {
  Graph graph = parse(text);
  insert_codes(graph, all_ranges(graph), options);
  verify(graph);
  return graph;
}

/// The QuantizeLinear whose codes the node reads there; null when it reads real values.
const Node* quantizer(const Graph& graph, std::string_view node, size_t input) {
  const Node* dequantize = graph.find_node(node)->input(input)->producer();
  if (!dequantize || dequantize->op() != "DequantizeLinear") return nullptr;
  return dequantize->input(0)->producer();
}

/// The tensor whose codes the node reads; empty when it reads real values.
std::string behind(const Graph& graph, std::string_view node, size_t input = 0) {
  const Node* quantize = quantizer(graph, node, input);
  return quantize ? quantize->input(0)->name() : "";
}

constexpr const char* kChain = R"(graph "chain" {
  input %x: f32[N,4,8,8]
  const %w1: f32[6,4,3,3] = random(1)
  const %b1: f32[6] = random(2)
  const %w2: f32[5,6,1,1] = random(3)
  %c = Conv(%x, %w1, %b1) "conv1"
  %r = Relu(%c) "relu"
  %p = MaxPool(%r) {kernel_shape=[2, 2], strides=[2, 2]} "pool"
  %y = Conv(%p, %w2) "conv2"
  output %y
})";

TEST(Insert, ChainsStayInCodes) {
  const Graph graph = inserted(kChain);
  EXPECT_EQ(behind(graph, "conv1"), "x");
  EXPECT_EQ(behind(graph, "relu"), "") << "it runs as one with the convolution";
  EXPECT_EQ(behind(graph, "pool"), "r");
  EXPECT_EQ(behind(graph, "conv2"), "p");
  EXPECT_EQ(quantizer(graph, "pool", 0)->input(1), quantizer(graph, "conv2", 0)->input(1))
      << "a pool moves codes: both sides have one scale";
  EXPECT_THAT(numbers(graph, "x_scale"), ElementsAre(DoubleNear(0.01, 1e-8)));
  EXPECT_THAT(numbers(graph, "x_zero_point"), ElementsAre(100));
  EXPECT_EQ(graph.find_value("x_zero_point")->dtype(), DType::kU8);
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_EQ(graph.outputs()[0]->producer()->op(), "Conv");
}

TEST(Insert, WeightsAreI8AndBiasesI32) {
  const Graph before = parse(kChain);
  const Graph graph = inserted(kChain);
  const Node* weight = graph.find_node("conv1")->input(1)->producer();
  const Node* bias = graph.find_node("conv1")->input(2)->producer();
  ASSERT_EQ(weight->op(), "DequantizeLinear");
  ASSERT_EQ(bias->op(), "DequantizeLinear");
  EXPECT_EQ(weight->input(0)->dtype(), DType::kI8);
  EXPECT_EQ(weight->attrs().i("axis", 1), 0);
  EXPECT_THAT(numbers(graph, weight->input(2)->name()), Each(0));
  EXPECT_EQ(bias->input(0)->dtype(), DType::kI32);
  const auto weight_scale = numbers(graph, weight->input(1)->name());
  const auto bias_scale = numbers(graph, bias->input(1)->name());
  const auto codes = numbers(graph, bias->input(0)->name());
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_FLOAT_EQ(static_cast<float>(bias_scale[i]), static_cast<float>(weight_scale[i] * 0.01));
    EXPECT_NEAR(codes[i] * bias_scale[i], numbers(before, "b1")[i], bias_scale[i]);
  }
  EXPECT_FALSE(graph.find_node("conv2")->input(2));
  EXPECT_FALSE(graph.find_value("w1")) << "nothing reads it any more";
}

TEST(Insert, OneSideOfAnAddRunsInItsConvolution) {
  const Graph graph = inserted(R"(graph "block" {
    input %x: f32[1,4,5,5]
    const %wa: f32[4,4,1,1] = random(1)
    const %wb: f32[4,4,1,1] = random(2)
    const %wc: f32[4,4,1,1] = random(3)
    %a = Conv(%x, %wa) "a"
    %b = Conv(%x, %wb) "b"
    %s = Add(%a, %b) "sum"
    %r = Relu(%s) "r"
    %c = Conv(%r, %wc) "c"
    %t = Add(%c, %r) "next"
    %y = Conv(%t, %wa) "y"
    output %y
  })");
  EXPECT_EQ(behind(graph, "sum", 0), "a") << "the residual is codes";
  EXPECT_EQ(behind(graph, "sum", 1), "") << "the later convolution takes the sum";
  EXPECT_EQ(behind(graph, "r"), "");
  EXPECT_EQ(behind(graph, "c"), "r");
  EXPECT_EQ(behind(graph, "next", 0), "");
  EXPECT_EQ(behind(graph, "next", 1), "r");
  EXPECT_EQ(graph.find_node("a")->input(1), graph.find_node("y")->input(1))
      << "a weight has one set of codes";
}

TEST(Insert, ActivationsInPiecesStayWhole) {
  const Graph graph = inserted(R"(graph "swish" {
    input %x: f32[1,4,5,5]
    const %w: f32[4,4,1,1] = random(1)
    %c = Conv(%x, %w) "conv1"
    %g = Sigmoid(%c) "gate"
    %m = Mul(%c, %g) "swish"
    %y = Conv(%m, %w) "conv2"
    output %y
  })");
  EXPECT_EQ(behind(graph, "gate"), "");
  EXPECT_EQ(behind(graph, "swish", 0), "");
  EXPECT_EQ(behind(graph, "swish", 1), "");
  EXPECT_EQ(behind(graph, "conv2"), "m");
}

TEST(Insert, ActivationsOfMovedCodesAreTables) {
  const Graph graph = inserted(R"(graph "pool" {
    input %x: f32[1,4,6,6]
    const %w: f32[4,4,1,1] = random(1)
    %c = Conv(%x, %w) "conv1"
    %p = MaxPool(%c) {kernel_shape=[2, 2]} "pool"
    %r = Relu(%p) "relu"
    %y = Conv(%r, %w) "conv2"
    output %y
  })");
  EXPECT_EQ(behind(graph, "pool"), "c");
  EXPECT_EQ(behind(graph, "relu"), "p");
  EXPECT_EQ(behind(graph, "conv2"), "r");
  EXPECT_NE(quantizer(graph, "relu", 0)->input(1), quantizer(graph, "conv2", 0)->input(1));
}

TEST(Insert, ProductsOfActivationsReadSignedCodesOnTheRight) {
  const Graph graph = inserted(R"(graph "attention" {
    input %x: f32[2,4,8]
    const %wq: f32[8,8] = random(1)
    const %wk: f32[8,8] = random(2)
    %q = MatMul(%x, %wq) "query"
    %k = MatMul(%x, %wk) "key"
    %t = Transpose(%k) {perm=[0, 2, 1]} "turn"
    %s = MatMul(%q, %t) "scores"
    %p = Softmax(%s) "p"
    output %p
  })");
  EXPECT_EQ(behind(graph, "scores", 0), "q");
  EXPECT_EQ(behind(graph, "scores", 1), "t");
  EXPECT_EQ(behind(graph, "turn"), "k");
  EXPECT_EQ(behind(graph, "p"), "");
  EXPECT_EQ(quantizer(graph, "scores", 0)->output()->dtype(), DType::kU8);
  EXPECT_EQ(quantizer(graph, "scores", 1)->output()->dtype(), DType::kI8);
  EXPECT_EQ(quantizer(graph, "turn", 0)->output()->dtype(), DType::kI8);
  EXPECT_EQ(graph.find_node("query")->input(1)->producer()->attrs().i("axis", 0), 1);
}

TEST(Insert, OthersReadWhatIsThere) {
  const Graph graph = inserted(R"(graph "readers" {
    input %x: f32[1,4,8]
    const %gamma: f32[8] = fill(1)
    const %w: f32[8,8] = random(1)
    %n = LayerNormalization(%x, %gamma) "norm"
    %a = MatMul(%n, %w) "a"
    %s = Add(%a, %n) "residual"
    %b = MatMul(%a, %w) "b"
    %p = Softmax(%a) "softmax"
    output %s, %b, %p
  })");
  EXPECT_EQ(behind(graph, "a"), "n");
  EXPECT_EQ(behind(graph, "residual", 1), "") << "a real producer leaves real values";
  EXPECT_EQ(behind(graph, "b"), "a");
  EXPECT_EQ(behind(graph, "softmax"), "a") << "a product that gives codes gives nothing else";
}

TEST(Insert, SumsWithRealValuesStayReal) {
  const Graph graph = inserted(R"(graph "norm" {
    input %x: f32[1,4,8]
    const %w: f32[8,8] = random(1)
    const %axes: i64[1] = [-1]
    %a = MatMul(%x, %w) "a"
    %s = Add(%a, %x) "residual"
    %q = Mul(%s, %s) "square"
    %m = ReduceMean(%q, %axes) "mean"
    %d = Sqrt(%m) "deviation"
    %i = Reciprocal(%d) "factor"
    %n = Mul(%s, %i) "norm"
    %y = MatMul(%n, %w) "y"
    output %y
  })");
  for (const char* node : {"residual", "norm"})
    for (const size_t input : {0u, 1u}) EXPECT_EQ(behind(graph, node, input), "") << node;
  EXPECT_EQ(behind(graph, "y"), "n");
}

TEST(Insert, ExcludedLayersReadRealValues) {
  const char* text = R"(graph "three" {
    input %x: f32[1,8]
    const %w: f32[8,8] = random(1)
    %a = MatMul(%x, %w) "first"
    %b = MatMul(%a, %w) "second"
    %c = MatMul(%a, %w) "third"
    output %b, %c
  })";
  const Graph graph = inserted(text, {.exclude = {"sec*"}});
  EXPECT_EQ(behind(graph, "second"), "");
  EXPECT_EQ(graph.find_node("second")->input(1)->name(), "w");
  EXPECT_EQ(behind(graph, "third"), "a");
  const Graph one = inserted(text, {.include = {"second"}});
  EXPECT_EQ(behind(one, "first"), "");
  EXPECT_EQ(behind(one, "second"), "a");
  EXPECT_ERROR(inserted(text, {.include = {"fc*"}}), kNotFound, "\"fc*\" matches no Conv, Gemm or MatMul");
}

constexpr const char* kConcat = R"(graph "concat" {
  input %x: f32[1,4,5,5]
  const %w: f32[4,4,1,1] = random(1)
  const %v: f32[4,8,1,1] = random(2)
  %a = Conv(%x, %w) "a"
  %b = Relu(%x) "b"
  %j = Concat(%a, %b) {axis=1} "join"
  %y = Conv(%j, %v) "y"
  output %y
})";

TEST(Insert, JoinedTensorsShareTheWidestRange) {
  Graph graph = parse(kConcat);
  TensorRanges ranges = all_ranges(graph);
  ranges["b"] = {0, 4, 0};
  const InsertReport report = insert_codes(graph, ranges, {});
  EXPECT_EQ(behind(graph, "join", 0), "a");
  EXPECT_EQ(behind(graph, "join", 1), "b");
  for (const QuantizedTensor& tensor : report.tensors) {
    if (tensor.tensor == "x") continue;
    EXPECT_EQ(tensor.range.low, -1) << tensor.tensor;
    EXPECT_EQ(tensor.range.high, 4) << tensor.tensor;
    EXPECT_FLOAT_EQ(tensor.scale, 5.0F / 255) << tensor.tensor;
  }
}

TEST(Insert, LayersWithoutRangeStayReal) {
  Graph graph = parse(kChain);
  TensorRanges ranges = all_ranges(graph);
  for (const char* name : {"r", "p"}) ranges.erase(name);
  const InsertReport report = insert_codes(graph, ranges, {});
  ASSERT_EQ(report.layers.size(), 2u);
  EXPECT_TRUE(report.layers[0].quantized);
  EXPECT_EQ(report.layers[1].reason, "no finite range is known for an input");
  EXPECT_EQ(behind(graph, "conv2"), "");
  Graph none = parse(kChain);
  EXPECT_ERROR(insert_codes(none, {}, {}), kFailedPrecondition,
               "no layer can be quantised; the first, node \"conv1\" (Conv), is not because no finite range");
  EXPECT_FALSE(none.find_node("x_QuantizeLinear"));
}

TEST(Insert, OneKnownRangeServesAllThatMoveTheCodes) {
  Graph graph = parse(kChain);
  TensorRanges ranges = all_ranges(graph);
  ranges.erase("p");
  insert_codes(graph, ranges, {});
  EXPECT_EQ(behind(graph, "conv2"), "p");
}

TEST(Insert, SignedCodesAreSymmetric) {
  const Graph graph = inserted(kChain, {.activations = ActivationCodes::kS8});
  EXPECT_EQ(quantizer(graph, "conv1", 0)->output()->dtype(), DType::kI8);
  EXPECT_THAT(numbers(graph, "x_zero_point"), ElementsAre(0));
  EXPECT_THAT(numbers(graph, "x_scale"), ElementsAre(DoubleNear(1.55 / 127, 1e-8)));
}

TEST(Insert, SparseWeightsStaySparse) {
  Graph graph = parse(R"(graph "sparse" {
    input %x: f32[1,8,5,5]
    const %w: f32[6,8,3,3] = random(1)
    const %v: f32[7,6,1,1] = random(2)
    %a = Conv(%x, %w) "a"
    %y = Conv(%a, %v) "y"
    output %y
  })");
  sparsity::prune(graph);
  insert_codes(graph, all_ranges(graph), {});
  EXPECT_EQ(sparsity::read_metadata(graph), (std::vector<sparsity::SparsePattern>{{"w_quantized", 1}}));
  const auto checks = sparsity::verify_sparsity(graph);
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(checks[0].problem, "");
  EXPECT_GE(sparsity::zero_fraction(graph.find_value("w_quantized")->data()), 0.5);
}

TEST(Insert, CorrectionsGoIntoBiases) {
  Graph graph = parse(R"(graph "g" {
    input %x: f32[N,4]
    const %w: f32[4,4] = random(1)
    const %b: f32[4] = [1, 2, 3, 4]
    %a = Gemm(%x, %w) "plain"
    %m = MatMul(%a, %w) "product"
    %s = Add(%m, %b) "biased"
    %y = MatMul(%s, %w) "bare"
    output %y
  })");
  const std::vector<float> shift = {0.5F, 0, -0.5F, 0.25F};
  const InsertReport report = insert_codes(graph, all_ranges(graph), {},
                                           {.bias = {{"plain", shift}, {"product", shift}, {"bare", shift}}});
  const Node* bias = graph.find_node("plain")->input(2)->producer();
  const auto codes = numbers(graph, bias->input(0)->name());
  const auto scales = numbers(graph, bias->input(1)->name());
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(codes[i] * scales[i], double{shift[i]}, scales[i]);
  EXPECT_THAT(numbers(graph, graph.find_node("biased")->input(1)->name()), ElementsAre(1.5, 2, 2.5, 4.25));
  EXPECT_EQ(report.layers[0].bias_correction, 0.5);
  EXPECT_EQ(report.layers[1].bias_correction, 0.5);
  EXPECT_EQ(report.layers[2].bias_correction, 0) << "there is no bias to correct";
}

TEST(Insert, BiasesThatAreNotFiniteStayAsTheyAre) {
  Graph graph = parse(kChain);
  const Tensor bias = graph.find_value("b1")->data().clone();
  bias.span<float>()[0] = INFINITY;
  graph.find_value("b1")->set_data(bias);
  insert_codes(graph, all_ranges(graph), {});
  const Node& conv = *graph.find_node("conv1");
  EXPECT_EQ(conv.input(2), graph.find_value("b1"));
  EXPECT_THAT(numbers(graph, conv.input(1)->producer()->input(1)->name()), Each(::testing::Lt(1)));
}

TEST(Insert, WhatCannotBeQuantisedSaysWhy) {
  Graph graph = parse(R"(graph "g" {
    input %x: f32[3,4]
    input %w: f32[4,4]
    input %h: f16[3,4]
    const %v: f32[4] = random(1)
    const %k: f16[4,4] = random(2)
    const %ok: f32[4,4] = random(3)
    %a = Gemm(%x, %w) "computed"
    %b = MatMul(%x, %v) "vector"
    %c = Gemm(%x, %x) {transA=1} "turned"
    %d = MatMul(%h, %k) "half"
    %e = MatMul(%x, %ok) "fine"
    output %a, %b, %c, %d, %e
  })");
  std::vector<std::string> reasons;
  for (const QuantizedLayer& layer : insert_codes(graph, all_ranges(graph), {}).layers)
    reasons.push_back(layer.reason);
  EXPECT_THAT(reasons, ElementsAre("the weight is not constant", "an input is a vector or constant",
                                   "its input is transposed", "its input is not f32", ""));
}

}  // namespace
}  // namespace twofour::quant
