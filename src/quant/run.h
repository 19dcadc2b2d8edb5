// How quantisation runs a network: it knows no engines, a caller gives it one.
#pragma once

#include <functional>
#include <string>

#include "ir/graph.h"

namespace twofour::quant {

/// A tensor of one run, which is one batch of the data.
struct Observation {
  const std::string& name;
  const Tensor& tensor;  // along its first axis in order; the order within an item is not told
  int64_t first_sample;  // position of the batch in the data
  int64_t samples;       // in the batch
};
using ObserveFn = std::function<void(const Observation& observation)>;

/// Runs the graph on every batch of the calibration data, the same ones every time, and gives `observe` its
/// inputs and every value that it computes. Throws Error naming an input that the data do not fit.
using RunFn = std::function<void(const Graph& graph, const ObserveFn& observe)>;

}  // namespace twofour::quant
