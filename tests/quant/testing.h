// Shared by the tests of quantisation.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"
#include "ir/parse.h"
#include "ops/evaluate.h"
#include "quant/run.h"

namespace twofour::quant {

inline Graph parse(std::string_view text) {
  Graph graph = parse_graph(text);
  ops::infer_all(graph);
  return graph;
}

inline Tensor random_tensor(const Shape& shape, uint64_t seed) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = rng.normal();
  return tensor;
}

/// Rows [begin, end) of a tensor.
inline Tensor rows(const Tensor& tensor, int64_t begin, int64_t end) {
  Shape shape = tensor.shape();
  const auto size = static_cast<size_t>(shape.numel(1, shape.rank()));
  shape[0] = end - begin;
  return Tensor::of<float>(shape, tensor.span<float>().subspan(static_cast<size_t>(begin) * size,
                                                               static_cast<size_t>(end - begin) * size));
}

/// Runs graphs with one input on the reference kernels.
inline RunFn run_on(std::vector<Tensor> batches) {
  return [batches = std::move(batches)](const Graph& graph, const ObserveFn& observe) {
    int64_t first = 0;
    for (const Tensor& batch : batches) {
      const int64_t samples = batch.shape()[0];
      const auto see = [&](const std::string& name, const Tensor& tensor) {
        observe({name, tensor, first, samples});
      };
      see(graph.inputs()[0]->name(), batch);
      ops::evaluate(graph, std::vector<Tensor>{batch}, {.given = {}, .observe = see});
      first += samples;
    }
  };
}

/// The elements of a constant as numbers.
inline std::vector<double> numbers(const Graph& graph, std::string_view name) {
  const Value* value = graph.find_value(name);
  if (!value) return {};
  const Tensor wide = value->data().to(DType::kF64);
  return {wide.span<double>().begin(), wide.span<double>().end()};
}

}  // namespace twofour::quant
