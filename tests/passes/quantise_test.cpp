// Networks as quantisers write them: which operators the passes make of them, and that the results stay.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>

#include "base/rng.h"
#include "ops/builder.h"
#include "ops/evaluate.h"
#include "passes/pipeline.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

struct Meaning {
  float scale;
  uint8_t zero_point = 0;
};

class QuantisedNetwork : public ::testing::Test {
 protected:
  using Counts = std::map<std::string, size_t>;

  Value* input(const Shape& shape) { return graph_.add_input("x", {DType::kF32, to_dims(shape)}); }
  Value* number(float value) { return b_.scalar(value); }
  Value* zero_point(uint8_t value) {
    return b_.constant("zero_point", Tensor::of<uint8_t>({}, std::array{value}));
  }
  Value* numbers(const Shape& shape, float low, float high) {
    Tensor tensor(DType::kF32, shape);
    for (float& v : tensor.span<float>()) v = rng_.uniform(low, high);
    return b_.constant("numbers", tensor);
  }

  Value* quantize(Value* x, const Meaning& m) {
    return b_.op("QuantizeLinear", {x, number(m.scale), zero_point(m.zero_point)});
  }
  Value* dequantize(Value* codes, const Meaning& m) {
    return b_.op("DequantizeLinear", {codes, number(m.scale), zero_point(m.zero_point)});
  }
  Value* rounded(Value* x, const Meaning& m) { return dequantize(quantize(x, m), m); }

  Value* weight_codes(const Shape& shape) {
    Tensor codes(DType::kI8, shape);
    for (int8_t& v : codes.span<int8_t>()) v = static_cast<int8_t>(static_cast<int>(rng_.below(255)) - 127);
    return b_.constant("weight", codes);
  }
  /// With a scale for every index of `axis`, so that most values lie in [-1, 1].
  Value* weight(const Shape& shape, int64_t axis) {
    Value* scales = numbers({shape[static_cast<size_t>(axis)]}, 0.004F, 0.008F);
    return b_.op("DequantizeLinear", {weight_codes(shape), scales}, {{"axis", axis}});
  }
  Value* bias(int64_t channels) {
    Tensor codes(DType::kI32, {channels});
    for (int32_t& v : codes.span<int32_t>()) v = static_cast<int32_t>(rng_.below(2001)) - 1000;
    return b_.op("DequantizeLinear", {b_.constant("bias", codes), number(0.001F)});
  }

  /// Optimises the network that ends in `result` and expects the operators that are left. Codes may then
  /// differ by one, values by `step`.
  void expect(Value* result, const Counts& expected, float step = 0) {
    graph_.set_outputs({result});
    const Graph before = graph_.clone();
    optimise(graph_, {.verify_each = true});
    Counts counts;
    for (const auto& node : graph_.nodes()) ++counts[node->op()];
    EXPECT_EQ(counts, expected);
    const Tensor src = random_input();
    const Tensor x = ops::evaluate(before, {&src, 1})[0];
    const Tensor y = ops::evaluate(graph_, {&src, 1})[0];
    ASSERT_EQ(x.dtype(), y.dtype());
    ASSERT_EQ(x.shape(), y.shape());
    const float most = x.dtype() == DType::kF32 ? step : 1;
    const Tensor p = x.to(DType::kF32), q = y.to(DType::kF32);
    for (size_t i = 0; i < p.span<float>().size(); ++i)
      ASSERT_NEAR(p.span<float>()[i], q.span<float>()[i], most) << "element " << i;
  }

  Tensor random_input() {
    Tensor tensor(DType::kF32, graph_.inputs()[0]->shape());
    for (float& v : tensor.span<float>()) v = rng_.normal();
    return tensor;
  }

  Graph graph_{"network"};
  ops::Builder b_{graph_};
  Rng rng_{7};
};

const Attrs& around() {
  static const Attrs attrs = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  return attrs;
}

TEST_F(QuantisedNetwork, ResidualBlock) {
  Value* x = rounded(input({1, 3, 8, 8}), {0.03F, 121});
  Value* c1 = b_.op("Conv", {x, weight({8, 3, 3, 3}, 0), bias(8)}, around());
  Value* a = rounded(b_.op("Relu", {c1}), {0.05F});
  Value* c2 = b_.op("Conv", {a, weight({8, 8, 3, 3}, 0), bias(8)}, around());
  Value* sum = b_.op("Relu", {b_.add(c2, a)});
  expect(quantize(sum, {0.2F}), {{"QuantizeLinear", 1}, {"QuantizedConv", 2}});
}

TEST_F(QuantisedNetwork, EveryValueBetweenQuantised) {
  Value* x = rounded(input({2, 4, 6, 6}), {0.03F, 121});
  Value* c1 = rounded(b_.op("Conv", {x, weight({4, 4, 1, 1}, 0)}), {0.06F, 130});
  Value* c2 = rounded(b_.op("Conv", {x, weight({4, 1, 3, 3}, 0)},
                            {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"group", int64_t{4}}}),
                      {0.05F, 117});
  Value* sum = rounded(b_.add(c1, c2), {0.08F, 125});
  Value* relu = rounded(b_.op("Relu", {sum}), {0.08F, 125});
  Value* mean = rounded(b_.op("GlobalAveragePool", {relu}), {0.05F, 100});
  Value* flat = rounded(b_.op("Flatten", {mean}), {0.05F, 100});
  Value* y = b_.op("Gemm", {flat, weight({10, 4}, 0), bias(10)}, {{"transB", int64_t{1}}});
  expect(quantize(y, {0.02F, 128}), {{"QuantizeLinear", 1},
                                     {"QuantizedConv", 2},
                                     {"QuantizedAdd", 1},
                                     {"TableLookup", 1},
                                     {"QuantizedGlobalAveragePool", 1},
                                     {"Flatten", 1},
                                     {"QuantizedMatMul", 1}});
}

TEST_F(QuantisedNetwork, ProductsOfActivations) {
  Value* x = rounded(input({2, 6, 16}), {0.03F, 121});
  const auto projected = [&] { return rounded(b_.op("MatMul", {x, weight({16, 16}, 1)}), {0.08F, 128}); };
  Value* queries = projected();
  Value* keys = b_.transpose(projected(), {0, 2, 1});
  Value* scores = b_.div(b_.op("MatMul", {queries, keys}), number(4));
  Value* shares = rounded(b_.op("Softmax", {scores}, {{"axis", int64_t{-1}}}), {1 / 256.0F});
  expect(b_.op("MatMul", {shares, projected()}),
         {{"QuantizeLinear", 2}, {"QuantizedMatMul", 5}, {"Transpose", 1}, {"Softmax", 1}}, 0.001F);
}

TEST_F(QuantisedNetwork, BranchesThatAreJoined) {
  const Meaning wide = {0.03F, 121};
  Value* x = rounded(input({1, 6, 5, 5}), wide);
  Attrs depthwise = around();
  depthwise.set("group", int64_t{6});
  Value* conv = rounded(b_.op("Conv", {x, weight({6, 1, 3, 3}, 0)}, std::move(depthwise)), {0.04F, 99});
  Attrs window = around();
  window.set("kernel_shape", std::vector<int64_t>{3, 3});
  Value* pool = rounded(b_.op("MaxPool", {x}, std::move(window)), wide);
  Value* both = rounded(b_.op("Concat", {conv, pool}, {{"axis", int64_t{1}}}), wide);
  Value* large = b_.op(
      "Resize",
      {both, nullptr, b_.constant("scales", Tensor::of<float>({4}, std::array{1.0F, 1.0F, 2.0F, 2.0F}))});
  Value* mean = b_.op("AveragePool", {rounded(large, wide)}, {{"kernel_shape", std::vector<int64_t>{2, 2}}});
  expect(quantize(mean, {0.02F, 110}), {{"QuantizeLinear", 1},
                                        {"QuantizedConv", 1},
                                        {"MaxPool", 1},
                                        {"TableLookup", 1},
                                        {"Concat", 1},
                                        {"Resize", 1},
                                        {"QuantizedAveragePool", 1}});
}

TEST_F(QuantisedNetwork, DynamicQuantisation) {
  const auto codes = b_.op_n("DynamicQuantizeLinear", {input({5, 12})}, 3);
  Value* sums = b_.op("MatMulInteger", {codes[0], weight_codes({12, 7}), codes[2]});
  Value* scale = b_.mul(codes[1], numbers({7}, 0.004F, 0.008F));
  Value* y = b_.add(b_.mul(b_.cast(sums, DType::kF32), scale), numbers({7}, -1, 1));
  expect(b_.op("Relu", {y}), {{"DynamicQuantizeLinear", 1}, {"Mul", 1}, {"QuantizedMatMul", 1}}, 1e-5F);
}

TEST_F(QuantisedNetwork, ScalesThatAreComputed) {
  const auto codes = b_.op_n("DynamicQuantizeLinear", {input({1, 3, 6, 6})}, 3);
  Value* x = b_.op("DequantizeLinear", {codes[0], codes[1], codes[2]});
  Value* y = b_.op("Conv", {x, weight({4, 3, 3, 3}, 0), bias(4)}, around());
  expect(b_.op("Sigmoid", {y}), {{"DynamicQuantizeLinear", 1}, {"Mul", 1}, {"QuantizedConv", 1}}, 1e-5F);
}

TEST_F(QuantisedNetwork, ActivationsInPieces) {
  Value* x = rounded(input({1, 3, 6, 6}), {0.03F, 121});
  Value* c = rounded(b_.op("Conv", {x, weight({4, 3, 3, 3}, 0)}, around()), {0.05F, 128});
  Value* gate = rounded(b_.op("Sigmoid", {c}), {1 / 255.0F});
  Value* swish = rounded(b_.mul(c, gate), {0.03F, 9});
  expect(b_.op("Gelu", {swish}), {{"QuantizeLinear", 1}, {"QuantizedConv", 1}, {"TableLookup", 1}}, 1e-6F);
}

TEST_F(QuantisedNetwork, ActivationsOfProducts) {
  Value* x = rounded(input({1, 3, 6, 6}), {0.03F, 121});
  Value* c = b_.op("Conv", {x, weight({4, 3, 3, 3}, 0)}, around());
  Value* swish = b_.mul(c, b_.op("Sigmoid", {c}));
  expect(quantize(swish, {0.03F, 9}), {{"QuantizeLinear", 1}, {"QuantizedConv", 1}});
}

TEST_F(QuantisedNetwork, PaddingOfCodesBecomesTheConvolutions) {
  const Meaning m = {0.03F, 121};
  Value* x = rounded(input({1, 3, 6, 6}), m);
  Value* padded = rounded(b_.op("Pad", {x, b_.i64({0, 0, 1, 1, 0, 0, 1, 1})}), m);
  Value* y = b_.op("Conv", {padded, weight({4, 3, 3, 3}, 0)});
  expect(quantize(y, {0.05F, 128}), {{"QuantizeLinear", 1}, {"QuantizedConv", 1}});
}

TEST_F(QuantisedNetwork, WeightsThatAreGivenAsValues) {
  Value* x = rounded(input({4, 16}), {0.03F, 121});
  Value* scales = numbers({8}, 0.004F, 0.008F);
  Value* codes = b_.op("QuantizeLinear", {numbers({8, 16}, -0.5F, 0.5F), scales},
                       {{"axis", int64_t{0}}, {"output_dtype", std::string("i8")}});
  Value* rows = b_.op("DequantizeLinear", {codes, scales}, {{"axis", int64_t{0}}});
  Value* y = b_.op("MatMul", {x, b_.transpose(rows, {1, 0})});
  expect(b_.add(y, numbers({8}, -1, 1)), {{"QuantizeLinear", 1}, {"QuantizedMatMul", 1}}, 1e-5F);
}

TEST_F(QuantisedNetwork, WeightsOfFloatLayersBecomeValues) {
  Value* y = b_.op("Conv", {input({1, 3, 6, 6}), weight({4, 3, 3, 3}, 0), bias(4)}, around());
  expect(b_.op("Relu", {y}), {{"FusedConv", 1}}, 1e-5F);
}

/// The graph optimised gives what it gave before, NaN for NaN.
void expect_unchanged(Graph& graph, const std::vector<Tensor>& inputs) {
  const std::vector<Tensor> before = ops::evaluate(graph, inputs);
  optimise(graph, {.verify_each = true});
  const std::vector<Tensor> after = ops::evaluate(graph, inputs);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    const Tensor x = before[i].to(DType::kF32), y = after[i].to(DType::kF32);
    for (size_t j = 0; j < x.span<float>().size(); ++j) {
      const float v = x.span<float>()[j], w = y.span<float>()[j];
      const bool same = v == w || (std::isnan(v) && std::isnan(w)) || std::abs(v - w) <= 1e-5F * std::abs(v);
      EXPECT_TRUE(same) << "output " << i << " element " << j << " was " << v << ", is " << w;
    }
  }
}

class AnyScale : public ::testing::TestWithParam<float> {
 protected:
  Value* usual_codes(Value* value) { return b_.op("QuantizeLinear", {value, half_, zero_}); }
  Value* odd_codes(Value* value) { return b_.op("QuantizeLinear", {value, scale_, zero_}); }

  void expect(std::vector<Value*> results) {
    graph_.set_outputs(std::move(results));
    Tensor codes(DType::kU8, {1, 2, 4, 4});
    for (int i = 0; uint8_t & code : codes.span<uint8_t>()) code = static_cast<uint8_t>(37 * i++ % 50);
    expect_unchanged(graph_, {codes});
  }

  Graph graph_;
  ops::Builder b_{graph_};
  Value* x_ = graph_.add_input("x", {DType::kU8, {1, 2, 4, 4}});
  Value* half_ = b_.scalar(0.5F);
  Value* scale_ = b_.scalar(GetParam());
  Value* zero_ = b_.constant("zero", Tensor::of<uint8_t>({}, std::array<uint8_t, 1>{7}));
  Value* odd_ = b_.op("DequantizeLinear", {x_, scale_, zero_});
  Value* usual_ = b_.op("DequantizeLinear", {x_, half_, zero_});
  const Attrs window_ = {{"kernel_shape", std::vector<int64_t>{2, 2}}};
};
INSTANTIATE_TEST_SUITE_P(Scales, AnyScale,
                         ::testing::Values(0.0F, -0.5F, 1e-40F, -3e38F, 0.25F,
                                           std::numeric_limits<float>::quiet_NaN(),
                                           std::numeric_limits<float>::infinity()));

TEST_P(AnyScale, OfWhatIsComparedPaddedAndBounded) {
  Value* most = b_.op("MaxPool", {odd_}, window_);
  const auto best = b_.op_n("TopK", {odd_, b_.i64({2})}, 2);
  Value* turned = b_.transpose(odd_, {3, 2, 1, 0});
  expect({most, usual_codes(most), best[0], best[1], b_.op("ReduceMin", {odd_, b_.i64({1, 2})}),
          b_.op("Pad", {odd_, b_.i64({0, 0, 1, 1, 0, 0, 1, 1})}), b_.op("Relu", {turned}),
          usual_codes(b_.op("Relu", {odd_})), usual_codes(b_.op("Sigmoid", {turned}))});
}

TEST_P(AnyScale, OfWhatHasAFormOnCodes) {
  expect({usual_codes(b_.add(odd_, usual_)), usual_codes(b_.mul(usual_, odd_)),
          usual_codes(b_.op("AveragePool", {odd_}, window_)), odd_codes(b_.op("MaxPool", {usual_}, window_)),
          odd_codes(b_.add(usual_, usual_))});
}

TEST_P(AnyScale, OfProducts) {
  // Each is another one, so that it is read once.
  const auto product = [&](Value* src, int8_t last) {
    Value* codes =
        b_.constant("codes", Tensor::of<int8_t>({2, 2, 1, 1}, std::array<int8_t, 4>{1, -2, 0, last}));
    Value* scales = b_.constant("scales", Tensor::of<float>({2}, std::array{GetParam(), 0.25F}));
    return b_.op("Conv", {src, b_.op("DequantizeLinear", {codes, scales}, {{"axis", int64_t{0}}})});
  };
  expect({b_.op("Relu", {product(usual_, 3)}), usual_codes(product(usual_, 4)),
          usual_codes(b_.add(product(usual_, 5), odd_)), odd_codes(product(usual_, 6)), product(odd_, 7)});
}

TEST(Scales, OfBlocksMayBeAnyNumber) {
  Graph graph;
  ops::Builder b(graph);
  Value* x = graph.add_input("x", {DType::kF32, {1, 4}});
  Value* codes =
      b.constant("codes", Tensor::of<uint8_t>({2, 4}, std::array<uint8_t, 8>{1, 2, 3, 4, 5, 6, 7, 8}));
  Value* scales = b.constant("scales", Tensor::of<float>({2, 2}, std::array{-0.5F, 0.0F, 2.0F, -1.0F}));
  Value* weight = b.op("DequantizeLinear", {codes, scales}, {{"block_size", int64_t{2}}});
  graph.set_outputs({b.op("MatMul", {x, b.transpose(weight, {1, 0})})});
  optimise(graph, {.verify_each = true});
  const Tensor ones = Tensor::of<float>({1, 4}, std::array{1.0F, 1.0F, 1.0F, 1.0F});
  const Tensor sums = ops::evaluate(graph, {&ones, 1})[0];
  EXPECT_THAT(sums.span<float>(), ::testing::ElementsAre(-1.5F, 7));  // 2 (5 + 6) - (7 + 8)
}

TEST(FoldByteFunctions, FollowsChainsOfAnyLength) {
  Graph graph;
  const Value* codes = graph.add_input("codes", {DType::kU8, {4}});
  Value* x = ops::Builder(graph).op("DequantizeLinear",
                                    {graph.inputs()[0], graph.add_constant("scale", Tensor::scalar(0.5F))});
  for (int i = 0; i < 20'000; ++i) x = graph.add_node("Neg", {x}, 1, {}, "neg" + std::to_string(i))->output();
  graph.set_outputs({x, ops::Builder(graph).op("Sigmoid", {x})});
  ops::infer_all(graph);
  EXPECT_EQ(fold_byte_functions(graph), 1u);
  EXPECT_EQ(graph.outputs()[1]->producer()->op(), "TableLookup");
  EXPECT_EQ(graph.outputs()[1]->producer()->input(0), codes);
}

}  // namespace
}  // namespace twofour::passes
