#include "passes/pipeline.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "ir/verify.h"
#include "ops/builder.h"
#include "ops/evaluate.h"
#include "sparsity/prune.h"
#include "zoo/zoo.h"

namespace twofour::passes {
namespace {

Tensor random_tensor(const Shape& shape, uint64_t seed) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = rng.normal();
  return tensor;
}

// Batch norms as training leaves them, not the identity.
void shake_batch_norms(Graph& graph) {
  uint64_t seed = 100;
  for (const auto& node : graph.nodes()) {
    if (node->op() != "BatchNormalization") continue;
    for (size_t i = 1; i < 5; ++i) {
      const Tensor data = random_tensor(node->input(i)->shape(), seed++);
      for (float& v : data.span<float>()) v = i == 1 || i == 4 ? 0.5F + std::abs(v) : 0.3F * v;
      node->input(i)->set_data(data);
    }
  }
}

std::map<std::string, size_t> count_ops(const Graph& graph) {
  std::map<std::string, size_t> counts;
  for (const auto& node : graph.nodes()) ++counts[node->op()];
  return counts;
}

void expect_close(const Graph& a, const Graph& b, const Shape& image) {
  const Tensor input = random_tensor(image, 9);
  const Tensor x = ops::evaluate(a, std::span(&input, 1))[0];
  const Tensor y = ops::evaluate(b, std::span(&input, 1))[0];
  float scale = 0;
  for (const float v : x.span<float>()) scale = std::max(scale, std::abs(v));
  for (size_t i = 0; i < x.span<float>().size(); ++i)
    ASSERT_NEAR(x.span<float>()[i], y.span<float>()[i], 1e-5F * scale);
}

TEST(Optimise, ResNet20BecomesFusedConvolutions) {
  Graph graph = zoo::make("resnet20");
  shake_batch_norms(graph);
  const Graph before = graph.clone();
  const auto reports = optimise(graph, {.verify_each = true});
  EXPECT_EQ(count_ops(graph),
            (std::map<std::string, size_t>{
                {"Conv", 2}, {"FusedConv", 19}, {"GlobalAveragePool", 1}, {"Flatten", 1}, {"Gemm", 1}}));
  EXPECT_NE(graph.find_node("layer1.0.conv2 + layer1.0.add + layer1.0.relu2"), nullptr);
  EXPECT_EQ(graph.outputs()[0]->name(), "logits");
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[N,10]");
  expect_close(before, graph, {1, 3, 32, 32});
  const auto norm = std::ranges::find(reports, "fold_batch_norm", &PassReport::name);
  EXPECT_EQ(norm->changed, 21u);
  EXPECT_GT(norm->time_us, 0);
}

TEST(Optimise, KeepsAPrunedNetworkPruned) {
  Graph graph = zoo::make("cnn");
  shake_batch_norms(graph);
  sparsity::prune(graph);
  const Graph before = graph.clone();
  optimise(graph);
  const auto checks = sparsity::verify_sparsity(graph);
  EXPECT_EQ(checks.size(), 4u);
  for (const auto& check : checks) EXPECT_EQ(check.problem, "") << check.weight;
  for (const auto& row : sparsity::inspect(graph))
    EXPECT_EQ(row.is_sparse(), row.layer != "conv1 + relu1") << row.layer;
  expect_close(before, graph, {2, 1, 28, 28});
  // The clone shares no changed data.
  EXPECT_EQ(count_ops(before)["BatchNormalization"], 4u);
}

TEST(Optimise, DisabledPassesDoNotRun) {
  Graph graph = zoo::make("cnn");
  const auto reports = optimise(graph, {.disabled = {"fold_batch_norm", "fuse_gemm"}});
  EXPECT_EQ(reports.size(), inference_passes().size() - 2);
  EXPECT_EQ(count_ops(graph)["BatchNormalization"], 4u);
  EXPECT_EQ(count_ops(graph)["FusedConv"], 0u);
  try {
    optimise(graph, {.disabled = {"fuse_cnov"}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_THAT(
        error.what(),
        testing::HasSubstr("there is no pass \"fuse_cnov\"; there are: inline_if, eliminate_identity"));
  }
}

// Random stacks of the patterns that the passes look for, with values read from several places.
Graph random_graph(uint64_t seed) {
  Rng rng(seed);
  Graph graph("random");
  ops::Builder b(graph);
  const auto constant = [&](const Shape& shape) { return b.constant("c", random_tensor(shape, rng.next())); };
  std::vector<Value*> values = {graph.add_input("x", {DType::kF32, {2, 4, 3, 3}})};
  const auto pick = [&] { return values[rng.below(values.size())]; };
  const auto positive = [&] {
    Value* value = constant({4});
    for (float& v : value->data().span<float>()) v = 0.5F + std::abs(v);
    return value;
  };
  for (int i = 0; i < 14; ++i) {
    Value* x = rng.below(3) ? values.back() : pick();
    switch (rng.below(8)) {
      case 0: x = b.op("Relu", {x}); break;
      case 1: x = b.op("Clip", {x, b.scalar(-0.4F), rng.below(2) ? b.scalar(0.7F) : nullptr}); break;
      case 2: x = b.add(x, pick()); break;
      case 3: x = b.add(constant({4, 1, 1}), x); break;
      case 4:
        x = b.op("BatchNormalization", {x, positive(), constant({4}), constant({4}), positive()});
        break;
      case 5: x = b.op("Identity", {x}); break;
      default: x = b.op("Conv", {x, constant({4, 4, 1, 1}), rng.below(2) ? constant({4}) : nullptr});
    }
    values.push_back(x);
  }
  graph.set_outputs({values.back(), pick()});
  if (graph.outputs()[1] == graph.outputs()[0]) graph.set_outputs({values.back()});
  return graph;
}

TEST(Optimise, RandomGraphsComputeTheSame) {
  size_t fused = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Graph graph = random_graph(seed);
    const Graph before = graph.clone();
    optimise(graph, {.verify_each = true});
    fused += count_ops(graph)["FusedConv"];
    expect_close(before, graph, {2, 4, 3, 3});
    for (size_t i = 0; i < before.outputs().size(); ++i)
      EXPECT_EQ(before.outputs()[i]->name(), graph.outputs()[i]->name());
  }
  EXPECT_GT(fused, 150u);
}

}  // namespace
}  // namespace twofour::passes
