// Engines whose sizes are known only when they run, each run compared with the reference.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "builder/builder.h"
#include "ops/evaluate.h"
#include "support/cpu_device.h"
#include "support/temporary_path.h"

namespace twofour::builder {

inline Tensor noise(const Shape& shape, uint64_t seed = 3) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = rng.normal();
  return tensor;
}

inline Tensor number(int64_t value) { return Tensor::of<int64_t>({}, std::array{value}); }

inline void expect_same(const Tensor& got, const Tensor& expected) {
  ASSERT_EQ(got.dtype(), expected.dtype());
  ASSERT_EQ(got.shape(), expected.shape());
  const Tensor a = got.to(DType::kF64);
  const Tensor b = expected.to(DType::kF64);
  for (size_t i = 0; i < a.span<double>().size(); ++i)
    ASSERT_NEAR(a.span<double>()[i], b.span<double>()[i], 1e-4 * (1 + std::abs(b.span<double>()[i]))) << i;
}

/// A graph and its engine: as built, and loaded from its file.
class Both {
 public:
  Both(Graph graph, const InputRanges& ranges) : graph_(std::move(graph)) {
    Options options;
    options.ranges = ranges;
    options.time_tactics = false;
    const Result result = build(graph_.clone(), device(), options);
    const auto path = temporary_path("twofour_open");
    result.engine->save(path);
    contexts_.push_back(result.engine->create_context());
    contexts_.push_back(engine::Engine::load(path, device())->create_context());
    std::filesystem::remove(path);
  }

  void run(const std::vector<Tensor>& inputs) {
    const std::vector<Tensor> expected = ops::evaluate(graph_, inputs);
    for (const auto& context : contexts_) {
      for (size_t i = 0; i < inputs.size(); ++i) context->bind(graph_.inputs()[i]->name(), inputs[i]);
      context->run();
      for (size_t i = 0; i < expected.size(); ++i)
        expect_same(context->tensor(graph_.outputs()[i]->name()), expected[i]);
    }
  }

  engine::ExecutionContext& context() { return *contexts_[1]; }

 private:
  Graph graph_;
  std::vector<std::unique_ptr<engine::ExecutionContext>> contexts_;
};

}  // namespace twofour::builder
