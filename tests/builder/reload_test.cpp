// A network's engine gives the same bits before it is saved and after it is loaded, whatever its tactics
// packed.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/cpu.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "cpu/backend.h"
#include "ops/builder.h"
#include "sparsity/prune.h"
#include "support/temporary_path.h"
#include "zoo/zoo.h"

namespace twofour::builder {
namespace {

const Shape kImage = {1, 3, 224, 224};

Tensor logits_of(const engine::Engine& engine) {
  Tensor image(DType::kF32, kImage);
  Rng rng(5);
  for (float& v : image.span<float>()) v = rng.normal();
  const auto context = engine.create_context();
  context->bind("input", image);
  context->run();
  return context->tensor("logits");
}

struct Case {
  const char* name;
  const char* network;
  SparsityMode sparsity;
  bool timed;  // with channels-last layers and reorders where they pay
};
class Reload : public ::testing::TestWithParam<Case> {};

TEST_P(Reload, GivesTheSameBits) {
  Graph model = zoo::make(GetParam().network);
  sparsity::prune(model);
  Options options;
  options.shapes = {{"input", kImage}};
  options.sparsity = GetParam().sparsity;
  options.time_tactics = GetParam().timed;
  const cpu::CpuBackend device;
  const Result built = build(std::move(model), device, options);
  if (!GetParam().timed && max_isa() >= Isa::kAvx2) {
    EXPECT_EQ(built.report.sparse_layers().empty(), GetParam().sparsity == SparsityMode::kDisable);
  }
  const auto path = temporary_path("twofour_reload");
  built.engine->save(path);
  const auto loaded = engine::Engine::load(path, device);
  std::filesystem::remove(path);  // the mapping keeps it alive
  const Tensor before = logits_of(*built.engine);
  const Tensor after = logits_of(*loaded);
  EXPECT_TRUE(std::ranges::any_of(before.span<float>(), [](float v) { return v != 0; }));
  EXPECT_TRUE(std::ranges::equal(std::as_bytes(before.span<float>()), std::as_bytes(after.span<float>())));
}

INSTANTIATE_TEST_SUITE_P(Networks, Reload,
                         ::testing::Values(Case{"Sparse", "resnet18", SparsityMode::kEnable, false},
                                           Case{"Dense", "resnet18", SparsityMode::kDisable, false},
                                           Case{"Timed", "resnet18", SparsityMode::kEnable, true},
                                           Case{"ResNet50", "resnet50", SparsityMode::kEnable, false}),
                         [](const auto& test) { return test.param.name; });

// JSON, in which the file keeps attributes, has no infinity, and its texts are UTF-8.
TEST(ReloadAttributes, InfinitiesAndOddNamesSurvive) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  Graph graph("odd\xff");
  ops::Builder b(graph);
  Value* x = graph.add_input("x\xff%", {DType::kF32, {1, 2, 3, 3}});
  Tensor weight(DType::kF32, {2, 2, 1, 1});
  for (float& v : weight.span<float>()) v = 0.5F;
  Value* y = b.op("Conv", {x, graph.add_constant("w", weight)}, {}, "conv\xfe");
  y = b.op("Clip", {y, b.scalar(0), b.scalar(kInf)}, {}, "clip");
  y = b.op("Elu", {y}, {{"alpha", -kInf}});
  graph.set_outputs({b.op("ThresholdedRelu", {y}, {{"alpha", std::nanf("7")}})});
  const std::string output = graph.outputs()[0]->name();
  const cpu::CpuBackend device;
  const auto engine = build(std::move(graph), device, {}).engine;
  const auto path = temporary_path("twofour_reload_attributes");
  engine->save(path);
  const auto loaded = engine::Engine::load(path, device);
  std::filesystem::remove(path);
  const auto result = [&](const engine::Engine& of) {
    Tensor image(DType::kF32, {1, 2, 3, 3});
    for (float& v : image.span<float>()) v = 3;
    const auto context = of.create_context();
    context->bind("x\xff%", image);
    context->run();
    return context->tensor(output).span<float>()[5];
  };
  EXPECT_EQ(plan_to_json(loaded->plan()), plan_to_json(engine->plan()));
  EXPECT_EQ(std::bit_cast<uint32_t>(result(*loaded)), std::bit_cast<uint32_t>(result(*engine)));
}

TEST(ReloadAttributes, OddNamesOfSizesSurvive) {
  Graph graph("open");
  Value* x = graph.add_input("x", {DType::kF32, {Dim::named("batch\xff")}});
  graph.set_outputs({ops::Builder(graph).op("Neg", {x})});
  const cpu::CpuBackend device;
  const auto engine = build(std::move(graph), device, {.ranges = {{"x", {{1, 4}}}}}).engine;
  const auto path = temporary_path("twofour_reload_sizes");
  engine->save(path);
  const auto loaded = engine::Engine::load(path, device);
  std::filesystem::remove(path);
  EXPECT_EQ(loaded->plan().tensors.at(0).open.at(0).symbol, "batch\xff");
}

}  // namespace
}  // namespace twofour::builder
