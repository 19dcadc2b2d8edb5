// Every tensor that an engine computes on the way.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "twofour/compare.h"

namespace twofour::api {

struct Observed {
  std::string name;
  size_t step;
  Tensor tensor;  // a copy, row-major
};

struct ObservedRun {
  std::vector<Observed> tensors;  // in the order in which they are computed, without those of reorders
  std::vector<Tensor> outputs;    // in the plan's order
};

/// `inputs` by name. Throws Error{kInvalidArgument} on one that is missing, and as bind() does.
ObservedRun observe_run(const engine::Engine& engine, const InputTensors& inputs);

}  // namespace twofour::api
