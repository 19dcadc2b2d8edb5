// A network's engine gives the same bits before it is saved and after it is loaded, whatever its tactics
// packed.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/cpu.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "cpu/backend.h"
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

}  // namespace
}  // namespace twofour::builder
