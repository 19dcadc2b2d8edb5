// Every tensor that an engine computes on the way.
#pragma once

#include <functional>
#include <vector>

#include "engine/engine.h"
#include "twofour/compare.h"

namespace twofour::api {

/// Gets the tensors in the order in which they are computed, without those of reorders; each holds until it
/// returns and lies in memory as `format` says.
using ObserveFn =
    std::function<void(const std::string& name, size_t step, const Tensor& tensor, backend::Format format)>;
/// Runs the context on `inputs`, by name. Throws Error{kInvalidArgument} on one that is missing, and as
/// bind() does.
void run_observed(engine::ExecutionContext& context, const InputTensors& inputs, const ObserveFn& observe);

struct Observed {
  std::string name;
  size_t step;
  Tensor tensor;  // a copy, row-major
};

struct ObservedRun {
  std::vector<Observed> tensors;
  std::vector<Tensor> outputs;  // in the plan's order
};

/// The same with all of them kept.
ObservedRun observe_run(const engine::Engine& engine, const InputTensors& inputs);

}  // namespace twofour::api
