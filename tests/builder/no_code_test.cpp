// Where memory may not become executable, engines are built and loaded all the same: 2:4 layers run from
// lists, and what needs generated code says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "cpu/backend.h"
#include "cpu/generated_code.h"
#include "ops/evaluate.h"
#include "sparsity/prune.h"
#include "support/forbid_code.h"
#include "support/temporary_path.h"
#include "zoo/zoo.h"

namespace twofour::builder {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using twofour::testing::run_again_without_code;

const Shape kImage = {3, 1, 28, 28};

class NoCode : public ::testing::Test {
 protected:
  NoCode() {
    sparsity::prune(model_);
    Rng rng(3);
    for (float& v : image_.span<float>()) v = rng.normal();
  }

  /// Not from compressed weights, which never need code.
  Result build_without(const std::string& tactics) {
    Options options;
    options.shapes = {{"input", kImage}};
    options.time_tactics = false;
    options.tuning.without_tactics = {"sparse24.gemv", tactics};
    return build(model_.clone(), device_, options);
  }

  void expect_right(const engine::Engine& engine) {
    const auto context = engine.create_context();
    context->bind("input", image_);
    context->run();
    const auto got = context->tensor("logits").span<float>();
    model_.inputs()[0]->set_type({DType::kF32, to_dims(kImage)});
    ops::infer_all(model_);
    const Tensor expected = ops::evaluate(model_, std::vector<Tensor>{image_})[0];
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected.span<float>()[i], 1e-5);
  }

  /// What run_again_without_code() was given: set in its process only.
  static std::string file() {
    const char* name = std::getenv("TWOFOUR_TEST_FILE");
    return name ? name : "";
  }

  Graph model_ = zoo::make("lenet");
  Tensor image_ = Tensor(DType::kF32, kImage);
  cpu::CpuBackend device_;
};

TEST_F(NoCode, SparseLayersRunFromListsAndSaySo) {
  if (cpu::generated_code_ok()) return run_again_without_code();
  const Result result = build_without("half_storage");
  EXPECT_EQ(result.report.sparse_layers().size(), max_isa() >= Isa::kAvx2 ? 3u : 0u);
  for (const LayerChoice& layer : result.report.layers)
    for (const TacticTime& c : layer.candidates) {
      if (c.tactic.starts_with("onednn.")) {
        EXPECT_FALSE(c.could_run) << c.tactic;
      }
      if (max_isa() >= Isa::kAvx512 && c.sparse && c.could_run) {
        EXPECT_THAT(c.note, StartsWith("from lists, without code: the system forbids generated code ("));
      }
    }
  expect_right(*result.engine);
}

TEST_F(NoCode, EnginesBuiltWithCodeLoad) {
  if (!file().empty()) return expect_right(*engine::Engine::load(file(), device_));
  if (!cpu::generated_code_ok()) GTEST_SKIP() << "no code to build with";
  const auto path = temporary_path("twofour_code");
  const Result result = build_without("onednn");
  EXPECT_EQ(result.report.sparse_layers().size(), max_isa() >= Isa::kAvx2 ? 3u : 0u);
  result.engine->save(path);
  run_again_without_code(path);
  std::filesystem::remove(path);
}

TEST_F(NoCode, EnginesOfTheLibrarysKernelsAreRefused) {
  if (file().empty()) {
    if (!cpu::generated_code_ok()) GTEST_SKIP() << "no code to build with";
    const auto path = temporary_path("twofour_library");
    build_without("sparse24").engine->save(path);
    run_again_without_code(path);
    std::filesystem::remove(path);
    return;
  }
  try {
    engine::Engine::load(file(), device_);
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kFailedPrecondition);
    EXPECT_THAT(error.what(), HasSubstr("onednn."));
    EXPECT_THAT(error.what(), HasSubstr(": the system forbids generated code (Permission denied)"));
  }
}

}  // namespace
}  // namespace twofour::builder
