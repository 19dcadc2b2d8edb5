// Runs a training step on the reference kernels, without builder and engine: inputs and outputs by name.
#pragma once

#include <map>
#include <string>

#include "base/rng.h"
#include "ops/evaluate.h"
#include "train/step.h"

namespace twofour::train {

inline Tensor random_tensor(const Shape& shape, uint64_t seed, float low = -1, float high = 1) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = rng.uniform(low, high);
  return tensor;
}

class StepRunner {
 public:
  using Tensors = std::map<std::string, Tensor>;

  StepRunner(const Graph& model, const StepOptions& options, double lr = 0.1)
      : step(make_step(model, options)) {
    for (const StateTensor& s : step.state) {
      const Value* input = step.graph.find_value(s.input);
      const bool from_model =
          s.kind == StateTensor::Kind::kParameter || s.kind == StateTensor::Kind::kStatistic;
      inputs[s.input] =
          from_model ? model.find_value(s.name)->data().clone() : Tensor(input->dtype(), input->shape());
    }
    if (!step.loss_scale.empty())
      inputs[step.loss_scale] = Tensor::scalar(static_cast<float>(options.update.scaling.init_scale));
    inputs[step.lr] = Tensor::scalar(static_cast<float>(lr));
    Shape images = {options.batch_size};
    for (const int64_t dim : options.image_shape) images.push_back(dim);
    inputs[step.images] = random_tensor(images, 11);
    Tensor labels(DType::kI64, {options.batch_size});
    Rng rng(12);
    for (int64_t& v : labels.span<int64_t>())
      v = static_cast<int64_t>(rng.below(static_cast<uint64_t>(step.num_classes)));
    inputs[step.labels] = labels;
  }

  /// Leaves the state as it is.
  Tensors run() const {
    std::vector<Tensor> ordered;
    for (const Value* input : step.graph.inputs()) ordered.push_back(inputs.at(input->name()));
    const std::vector<Tensor> results = ops::evaluate(step.graph, ordered);
    Tensors outputs;
    for (size_t i = 0; i < results.size(); ++i) outputs[step.graph.outputs()[i]->name()] = results[i];
    return outputs;
  }

  /// Runs and takes over the new state.
  Tensors advance() {
    Tensors outputs = run();
    for (const StateTensor& s : step.state) inputs[s.input] = outputs.at(s.output);
    return outputs;
  }

  const StateTensor& state(StateTensor::Kind kind, const std::string& name) const {
    for (const StateTensor& s : step.state)
      if (s.kind == kind && s.name == name) return s;
    fail(ErrorCode::kNotFound, "no state of {}", name);
  }
  Tensor& parameter(const std::string& name) {
    return inputs.at(state(StateTensor::Kind::kParameter, name).input);
  }
  Tensor& momentum(const std::string& name) {
    return inputs.at(state(StateTensor::Kind::kMomentum, name).input);
  }
  Tensor& statistic(const std::string& name) {
    return inputs.at(state(StateTensor::Kind::kStatistic, name).input);
  }
  float scale() const { return inputs.at(step.loss_scale).span<float>()[0]; }

  TrainingStep step;
  Tensors inputs;
};

inline float scalar_of(const StepRunner::Tensors& outputs, const std::string& name) {
  return outputs.at(name).span<float>()[0];
}

}  // namespace twofour::train
