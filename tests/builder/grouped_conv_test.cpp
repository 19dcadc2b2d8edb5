// Grouped convolutions in a whole build: 2:4 where a group's channels allow it, else dense with a reason.
#include <gtest/gtest.h>

#include <cmath>

#include "base/cpu.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "cpu/backend.h"
#include "ops/builder.h"
#include "ops/evaluate.h"

namespace twofour::builder {
namespace {

Tensor random_tensor(const Shape& shape, uint64_t seed) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = rng.uniform(-1, 1);
  return tensor;
}

/// 32 channels: in four groups, stride 1 and 2, and depthwise. The convolutions in groups are pruned.
Graph three_convs() {
  Graph graph("grouped");
  Value* x = graph.add_input("x", {DType::kF32, {2, 32, 13, 10}});
  ops::Builder b(graph);
  const auto conv = [&](const std::string& name, int64_t groups, int64_t stride) {
    const int64_t group_c = 32 / groups;
    Tensor weight = random_tensor({32, group_c, 3, 3}, 7);
    const auto values = weight.span<float>();
    for (size_t i = 0; group_c > 1 && i < values.size(); ++i)
      if (i / 9 % 4 % 2 == 0) values[i] = 0;
    x = b.op("Conv", {x, graph.add_constant(name + ".weight", weight)},
             {{"group", groups},
              {"strides", std::vector<int64_t>{stride, stride}},
              {"pads", std::vector<int64_t>{1, 1, 1, 1}}},
             name);
  };
  conv("grouped", 4, 1);
  conv("strided", 4, 2);
  conv("depthwise", 32, 1);
  graph.set_outputs({x});
  return graph;
}

class GroupedConvs : public ::testing::TestWithParam<bool> {};

TEST_P(GroupedConvs, AreSparseOrSayWhyNot) {
  const cpu::CpuBackend device;
  const Graph graph = three_convs();
  const Result result = build(graph.clone(), device, {.time_tactics = GetParam()});
  const bool has_kernels = max_isa() >= Isa::kAvx2;
  for (const LayerChoice& layer : result.report.layers) {
    if (!layer.has_weight) continue;
    EXPECT_EQ(layer.eligible(), has_kernels && layer.layer != "depthwise") << layer.layer;
    if (layer.layer == "depthwise" && has_kernels) {
      EXPECT_EQ(layer.verdict(), "grouped convolution (C / group = 1)");
    }
    if (layer.eligible() && !GetParam()) {
      EXPECT_EQ(layer.winner, "sparse24.conv") << layer.layer;
    }
  }
  const Tensor x = random_tensor({2, 32, 13, 10}, 9);
  const Tensor expected = ops::evaluate(graph, std::vector<Tensor>{x})[0];
  const auto context = result.engine->create_context();
  context->bind("x", x);
  context->run();
  const Tensor& got = context->tensor(graph.outputs()[0]->name());
  ASSERT_EQ(got.shape(), expected.shape());
  for (size_t i = 0; i < expected.span<float>().size(); ++i)
    ASSERT_NEAR(got.span<float>()[i], expected.span<float>()[i], 1e-4) << "element " << i;
}

INSTANTIATE_TEST_SUITE_P(Tactics, GroupedConvs, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Timed" : "Untimed"; });

}  // namespace
}  // namespace twofour::builder
