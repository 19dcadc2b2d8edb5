// Comparing engines with the reference kernels and with each other.
#include "twofour/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "api/difference.h"
#include "base/rng.h"
#include "ir/graph.h"
#include "ops/builder.h"
#include "twofour/error.h"

namespace twofour {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

Tensor floats(const std::vector<float>& values) {
  return Tensor::of<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(Difference, IsWhatTheNamesSay) {
  const Difference d = api::difference_of(floats({1, 2, 3, 4}), floats({1, 2, 3.5F, 0}), {0.5, 0});
  EXPECT_EQ(d.elements, 4);
  EXPECT_EQ(d.mismatches, 1);  // 0.5 apart is just within
  EXPECT_DOUBLE_EQ(d.max_abs, 4);
  EXPECT_DOUBLE_EQ(d.mean_abs, 4.5 / 4);
  EXPECT_DOUBLE_EQ(d.relative, std::sqrt(16.25 / 17.25));
  EXPECT_DOUBLE_EQ(d.cosine, 15.5 / std::sqrt(30 * 17.25));
  EXPECT_TRUE(api::difference_of(floats({100.1F}), floats({100}), {0, 0.002}).within());
  EXPECT_FALSE(api::difference_of(floats({100.3F}), floats({100}), {0, 0.002}).within());
}

TEST(Difference, NotFiniteAgreesOnlyWithItself) {
  const float inf = INFINITY;
  EXPECT_TRUE(api::difference_of(floats({NAN, inf, -inf}), floats({NAN, inf, -inf}), {}).within());
  const Difference d = api::difference_of(floats({NAN, inf, -inf, 1}), floats({0, -inf, 5, 1}), {1e9, 0});
  EXPECT_EQ(d.mismatches, 3);
  EXPECT_EQ(d.nans, 1);
  EXPECT_EQ(d.max_abs, 0);
  EXPECT_EQ(api::difference_of(floats({0, 0}), floats({0, 0}), {}).cosine, 1);
  EXPECT_EQ(api::difference_of(floats({1}), floats({0}), {}).relative, INFINITY);
}

TEST(Difference, TypesMayDiffer) {
  const Tensor wide = floats({1, -2});
  EXPECT_TRUE(api::difference_of(wide.to(DType::kF16), wide, {0, 0}).within());
  EXPECT_FALSE(api::difference_of(wide.to(DType::kI64), floats({1, 2}), {0, 0}).within());
}

// Convolutions c0, c1, c2, each followed by a ReLU, so that layers are fused and reordered. `scale`
// multiplies the weights of c1.
Model network(float scale = 1, const std::string& input = "x", int64_t channels = 12) {
  Graph graph("three");
  Rng rng(5);
  Value* x = graph.add_input(input, {DType::kF32, {2, channels, 9, 7}});
  for (int i = 0; i < 3; ++i) {
    Tensor weight(DType::kF32, {12, i ? 12 : channels, 3, 3});
    for (float& v : weight.span<float>()) v = rng.normal() * (i == 1 ? scale : 1) / 8;
    const std::string name = fmt::format("c{}", i);
    ops::Builder b(graph);
    x = b.op("Conv", {x, graph.add_constant(name + ".weight", weight)},
             {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}, name);
    x = b.op("Relu", {x}, {}, fmt::format("r{}", i));
  }
  graph.set_outputs({x});
  return Model(std::move(graph));
}

InputTensors some_input(const std::string& name = "x", int64_t channels = 12) {
  Tensor tensor(DType::kF32, {2, channels, 9, 7});
  Rng rng(6);
  for (float& v : tensor.span<float>()) v = rng.normal();
  return {{name, tensor}};
}

Engine built(const Model& model) { return build_engine(model, {.tuning = {.level = 1}}).engine; }

TEST(CompareToReference, EveryLayerOfTheFusedEngineAgrees) {
  const Model model = network();
  const CompareReport report = compare_to_reference(built(model), model, some_input(), {.bisect = true});
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.first_outside(), nullptr);
  EXPECT_EQ(report.culprit, "");
  EXPECT_EQ(report.unmatched, 0);
  ASSERT_EQ(report.layers.size(), 3u);
  EXPECT_EQ(report.layers[1].tensor, "r1");
  EXPECT_EQ(report.layers[1].layer, "c1 + r1");
  EXPECT_EQ(report.layers[1].difference.elements, 2 * 12 * 9 * 7);
  EXPECT_GT(report.layers[1].difference.cosine, 0.999999);
  ASSERT_EQ(report.outputs.size(), 1u);
  EXPECT_THAT(report.json(), HasSubstr("\"passed\": true"));
}

TEST(CompareToReference, BisectingFindsTheLayer) {
  // The engine's c1 is not the model's.
  const CompareReport report =
      compare_to_reference(built(network(1.5F)), network(), some_input(), {.bisect = true});
  EXPECT_FALSE(report.passed());
  ASSERT_NE(report.first_outside(), nullptr);
  EXPECT_EQ(report.first_outside()->layer, "c1 + r1");
  EXPECT_EQ(report.culprit, "c1 + r1");
  EXPECT_TRUE(report.layers[0].difference.within());
  EXPECT_FALSE(report.layers[2].difference.within());
  EXPECT_THAT(report.json(), HasSubstr("\"culprit\": \"c1 + r1\""));
}

TEST(CompareToEngine, FindsWhereTwoModelsPart) {
  const Engine same = built(network());
  EXPECT_TRUE(compare_to_engine(same, built(network()), some_input()).passed());
  const CompareReport other = compare_to_engine(same, built(network(0.5F)), some_input());
  EXPECT_FALSE(other.passed());
  EXPECT_EQ(other.first_outside()->layer, "c1 + r1");
  // Another name of the input does not matter.
  EXPECT_TRUE(compare_to_engine(same, built(network(1, "image")), some_input()).passed());
}

template <typename Fn>
void expect_error(ErrorCode code, const std::string& text, const Fn& fn) {
  try {
    fn();
    FAIL() << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(Compare, RefusesWhatDoesNotBelongTogether) {
  const Engine engine = built(network());
  expect_error(ErrorCode::kInvalidArgument, "there is no tensor for input \"x\"",
               [&] { compare_to_engine(engine, engine, some_input("y")); });
  expect_error(ErrorCode::kInvalidArgument, "\"x\"",
               [&] { compare_to_engine(engine, engine, some_input("x", 3)); });
  expect_error(ErrorCode::kInvalidArgument, "the engine has no input \"image\"",
               [&] { compare_to_reference(engine, network(1, "image"), some_input()); });
  expect_error(ErrorCode::kUnsupported, "compare with the reference",
               [&] { compare_to_engine(engine, engine, some_input(), {.bisect = true}); });
}

}  // namespace
}  // namespace twofour
