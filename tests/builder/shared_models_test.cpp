// Real model files as engines: the outputs are the reference kernels', with sizes that are fixed and with
// open ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"
#include "builder/specialise.h"
#include "cpu/backend.h"
#include "onnx/import.h"
#include "ops/evaluate.h"
#include "support/shared_data.h"

namespace twofour::builder {
namespace {

using twofour::testing::shared_path;
using Shapes = std::map<std::string, Shape>;

/// Floats in [-1, 1), integers 0 or 1 so that they may be indices; `sr` is a sampling rate.
Tensor random_input(const Value& input, const Shape& shape) {
  Tensor values(DType::kF32, shape);
  Rng rng(7);
  for (float& v : values.span<float>())
    v = is_float(input.dtype()) ? rng.uniform(-1, 1) : float(rng.below(2));
  if (input.name() == "sr") values.span<float>()[0] = 16000;
  return values.to(input.dtype());
}

/// The largest difference of two tensors by the largest element of `expected`.
double difference(const Tensor& got, const Tensor& expected) {
  const Tensor a = got.to(DType::kF64);
  const Tensor b = expected.to(DType::kF64);
  double worst = 0, largest = 1e-30;
  for (size_t i = 0; i < b.span<double>().size(); ++i) {
    const double error = std::abs(a.span<double>()[i] - b.span<double>()[i]);
    if (std::isnan(error)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, error);
    largest = std::max(largest, std::abs(b.span<double>()[i]));
  }
  return worst / largest;
}

/// How far the outputs move when every weight (constants of two dimensions or more) does, at random by up to
/// a unit in its last place. What rounding does to a sum of products is at least that (Higham, Accuracy and
/// Stability of Numerical Algorithms, 3.1): no kernel can be asked to come closer.
std::vector<double> sensitivity(const Graph& graph, std::span<const Tensor> inputs,
                                std::span<const Tensor> outputs) {
  std::vector<double> result(outputs.size());
  for (const uint64_t seed : {1, 2}) {
    Graph moved = graph.clone();
    Rng rng(seed);
    for (const auto& value : moved.values()) {
      if (!value->is_constant() || value->dtype() != DType::kF32 || value->rank() < 2) continue;
      const Tensor weight = value->data().clone();
      for (float& v : weight.span<float>())
        v *= 1 + rng.uniform(-1, 1) * std::numeric_limits<float>::epsilon();
      value->set_data(weight);
    }
    const std::vector<Tensor> now = ops::evaluate(moved, inputs);
    for (size_t i = 0; i < now.size(); ++i) result[i] = std::max(result[i], difference(now[i], outputs[i]));
  }
  return result;
}

struct Case {
  const char* model;
  std::vector<Shapes>
      runs;  // sizes of the inputs that are open; the first are those of the engine that is fixed
  double tolerance = 1e-4;
};

class SharedModel : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto path = shared_path(std::string("models/") + GetParam().model + ".onnx");
    TWOFOUR_SKIP_WITHOUT(path);
    graph_ = onnx_io::import_model(path);
  }

  Shape shape_of(const Value& input, const Shapes& open) const {
    const auto given = open.find(input.name());
    return given == open.end() ? input.type().shape() : given->second;
  }

  void run(const engine::Engine& engine, const Shapes& open) {
    const auto context = engine.create_context();
    std::vector<Tensor> inputs;
    for (const Value* input : graph_.inputs()) {
      inputs.push_back(random_input(*input, shape_of(*input, open)));
      context->bind(input->name(), inputs.back());
    }
    context->run();
    const std::vector<Tensor> expected = ops::evaluate(graph_, inputs);
    std::vector<double> unavoidable;
    for (size_t i = 0; i < expected.size(); ++i) {
      const Tensor got = context->tensor(graph_.outputs()[i]->name());
      ASSERT_EQ(got.dtype(), expected[i].dtype());
      ASSERT_EQ(got.shape(), expected[i].shape());
      const double error = difference(got, expected[i]);
      if (error <= GetParam().tolerance) continue;
      if (unavoidable.empty()) unavoidable = sensitivity(graph_, inputs, expected);
      EXPECT_LE(error, unavoidable[i]) << "of output " << graph_.outputs()[i]->name();
    }
  }

  void run_open() {
    Options options;
    options.time_tactics = false;
    for (const auto& [name, shape] : GetParam().runs[0])
      options.ranges[name].assign(shape.rank(), engine::DimRange{});
    for (const Value* input : graph_.inputs())
      for (size_t i = 0; i < input->rank() && options.ranges.contains(input->name()); ++i)
        if (const Dim& dim = input->dims()[i]; dim.known())
          options.ranges[input->name()][i] = {dim.value, dim.value};
    const auto engine = build(graph_.clone(), device_, options).engine;
    Specialiser specialiser(engine, device_);
    for (const Shapes& open : GetParam().runs) {
      run(*engine, open);
      run(*specialiser.at(open), open);
    }
  }

  Graph graph_;
  cpu::CpuBackend device_;
};

TEST_P(SharedModel, ComputesWhatTheReferenceDoes) {
  const Shapes open = GetParam().runs.empty() ? Shapes() : GetParam().runs[0];
  Options options;
  options.time_tactics = false;
  options.shapes = open;
  run(*build(graph_.clone(), device_, options).engine, open);
  if (GetParam().runs.size() > 1) run_open();
}

Shapes bert(int64_t batch, int64_t length) {
  const Shape shape = {batch, length};
  return {{"input_ids", shape}, {"token_type_ids", shape}, {"input_mask", shape}};
}

INSTANTIATE_TEST_SUITE_P(
    Files, SharedModel,
    ::testing::Values(Case{"bert-base-squad-pt-shrunk", {}},
                      Case{"bert-toy-optimized", {bert(1, 12), bert(2, 7)}}, Case{"dtln-model1", {}},
                      Case{"llama2c-dreams-dyn",
                           {{{"tokens", {1, 16}}}, {{"tokens", {2, 5}}}, {{"tokens", {1, 16}}}}},
                      Case{"mnist-8", {}}, Case{"mnist-cnn-pytorch", {}},
                      Case{"ppocr-v2-cls", {{{"x", {1, 3, 48, 192}}}, {{"x", {2, 3, 48, 100}}}}},
                      Case{"ppocr-v3-det-en", {{{"x", {1, 3, 64, 96}}}, {{"x", {1, 3, 96, 32}}}}},
                      Case{"resnet20-cifar10", {{{"input", {1, 3, 32, 32}}}, {{"input", {3, 3, 32, 32}}}}},
                      Case{"road-segmentation-adas-0001", {}},
                      Case{"silero-vad-16k-op15", {{{"input", {1, 512}}, {"state", {2, 1, 128}}}}},
                      Case{"squeezenet-v1.0-deepcompression", {{{"data", {1, 3, 227, 227}}}}},
                      Case{"starry-night-fp16", {}, 1e-2},
                      Case{"super-resolution-10", {{{"input", {1, 1, 224, 224}}}}},
                      Case{"ultraface-RFB-320", {}}, Case{"yolox-nano", {}}, Case{"yunet-120x160", {}}),
    [](const auto& test) {
      std::string name = test.param.model;
      std::ranges::replace_if(
          name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
      return name;
    });

}  // namespace
}  // namespace twofour::builder
