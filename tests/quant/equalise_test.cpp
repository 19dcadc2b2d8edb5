// Factors that move between layers and leave the network as it was.
#include "quant/equalise.h"

#include <cmath>

#include "base/errors.h"
#include "quant/smooth.h"
#include "sparsity/prune.h"
#include "testing.h"

namespace twofour::quant {
namespace {

void expect_same_results(const Graph& a, const Graph& b, const Tensor& x) {
  const Tensor expected = ops::evaluate(a, std::vector<Tensor>{x})[0];
  const Tensor actual = ops::evaluate(b, std::vector<Tensor>{x})[0];
  for (size_t i = 0; i < expected.span<float>().size(); ++i)
    ASSERT_NEAR(expected.span<float>()[i], actual.span<float>()[i],
                1e-4 * (1 + std::fabs(expected.span<float>()[i])));
}

// A convolution whose channels differ a thousandfold, a depthwise one and another.
constexpr const char* kMobile = R"(graph "mobile" {
  input %x: f32[2,8,5,5]
  const %w1: f32[4,8,1,1] = random(1)
  const %b1: f32[4] = random(2)
  const %w2: f32[4,1,3,3] = random(3)
  const %w3: f32[6,4,1,1] = random(4)
  %c = Conv(%x, %w1, %b1) "expand"
  %r = Relu(%c) "relu"
  %d = Conv(%r, %w2) {group=4} "depthwise"
  %y = Conv(%d, %w3) "project"
  output %y
})";

Graph unequal() {
  Graph graph = parse(kMobile);
  const Tensor weight = graph.find_value("w1")->data().clone();
  for (size_t i = 0; i < 8; ++i) weight.span<float>()[i] *= 1000;
  graph.find_value("w1")->set_data(weight);
  return graph;
}

/// The largest magnitude of each output channel.
std::vector<float> channel_maxima(const Graph& graph, const char* name) {
  const Tensor& weight = graph.find_value(name)->data();
  std::vector<float> most(static_cast<size_t>(weight.shape()[0]));
  const size_t size = weight.span<float>().size() / most.size();
  for (size_t i = 0; i < weight.span<float>().size(); ++i)
    most[i / size] = std::max(most[i / size], std::fabs(weight.span<float>()[i]));
  return most;
}

TEST(Equalise, GivesChannelsBetweenTwoLayersOneRange) {
  const Graph before = unequal();
  Graph graph = before.clone();
  EXPECT_EQ(equalise(graph), 2u);
  expect_same_results(before, graph, random_tensor({2, 8, 5, 5}, 6));
  const auto first = channel_maxima(graph, "w1");
  const auto second = channel_maxima(graph, "w2");
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(first[i] / second[i], 1, 0.05);
}

TEST(Equalise, KeepsZeros) {
  Graph graph = unequal();
  sparsity::prune(graph);
  equalise(graph);
  for (const auto& check : sparsity::verify_sparsity(graph)) EXPECT_EQ(check.problem, "");
}

TEST(Equalise, LeavesWhatOthersRead) {
  Graph graph = parse(R"(graph "g" {
    input %x: f32[2,4,5,5]
    const %w: f32[4,4,1,1] = random(1)
    const %v: f32[4,4,1,1] = random(2)
    %c = Conv(%x, %w) "first"
    %y = Conv(%c, %v) "second"
    output %y, %c
  })");
  EXPECT_EQ(equalise(graph), 0u);
}

constexpr const char* kNorm = R"(graph "norm" {
  input %x: f32[2,3,8]
  const %gamma: f32[8] = [1, 1, 100, 1, 1, 1, 1, 1]
  const %beta: f32[8] = random(1)
  const %w: f32[8,6] = random(2)
  %n = LayerNormalization(%x, %gamma, %beta) "norm"
  %a = MatMul(%n, %w) "a"
  output %a
})";

TEST(Smooth, MovesOutliersIntoTheWeights) {
  const Graph before = parse(kNorm);
  Graph graph = before.clone();
  const Tensor x = random_tensor({2, 3, 8}, 4);
  EXPECT_EQ(smooth(graph, run_on({x, random_tensor({2, 3, 8}, 5)}), 0.5), 1u);
  expect_same_results(before, graph, x);
  EXPECT_LT(graph.find_value("gamma")->data().span<float>()[2], 30);
}

TEST(Smooth, LeavesNormsThatOthersRead) {
  Graph graph = parse(R"(graph "residual" {
    input %x: f32[2,3,8]
    const %gamma: f32[8] = fill(1)
    const %w: f32[8,8] = random(2)
    %n = LayerNormalization(%x, %gamma) "norm"
    %a = MatMul(%n, %w) "a"
    %y = Add(%a, %n) "sum"
    output %y
  })");
  EXPECT_EQ(smooth(graph, run_on({random_tensor({2, 3, 8}, 4)}), 0.5), 0u);
  EXPECT_ERROR(smooth(graph, run_on({random_tensor({2, 3, 8}, 4)}), 1), kInvalidArgument, "alpha is 1");
}

TEST(Smooth, LeavesNormsWithoutAScaleForEachChannel) {
  for (const char* gamma : {"[]", "[1]", "[3,8]"}) {
    Graph graph = parse(fmt::format(R"(graph "norm" {{
      input %x: f32[2,3,8]
      const %gamma: f32{} = fill(2)
      const %w: f32[8,6] = random(2)
      %n = LayerNormalization(%x, %gamma) "norm"
      %a = MatMul(%n, %w) "a"
      output %a
    }})",
                                    gamma));
    EXPECT_EQ(smooth(graph, run_on({random_tensor({2, 3, 8}, 4)}), 0.5), 0u) << gamma;
  }
}

TEST(Smooth, LeavesNormsOfVectors) {
  Graph graph = parse(R"(graph "norm" {
    input %x: f32[8]
    const %gamma: f32[8] = fill(2)
    const %w: f32[8,6] = random(2)
    %n = LayerNormalization(%x, %gamma) "norm"
    %a = MatMul(%n, %w) "a"
    output %a
  })");
  EXPECT_EQ(smooth(graph, run_on({random_tensor({8}, 4)}), 0.5), 0u);
}

TEST(Smooth, NeedsData) {
  Graph graph = parse(kNorm);
  EXPECT_ERROR(smooth(graph, run_on({}), 0.5), kInvalidArgument, "there are no calibration data");
}

}  // namespace
}  // namespace twofour::quant
