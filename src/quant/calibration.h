// Ranges of activations, from running the network on calibration data twice: once for the extremes, once for
// histograms between them. Memory: two histograms for each tensor, however much data there is.
#pragma once

#include <vector>

#include "quant/run.h"
#include "twofour/quantize_options.h"

namespace twofour::quant {

/// The f32 tensors that could ever be exchanged as codes: inputs and results of the operators that work on
/// codes.
std::vector<const Value*> quantisable_values(const Graph& graph);

/// Of every such value that a run computes and that is finite. Does not depend on the order of the samples or
/// the size of batches. Throws Error{kInvalidArgument} when there are no data, and naming tensor and sample
/// when an input is not finite or a value NaN. Warns when there is a single sample.
TensorRanges calibrate(const Graph& graph, const RunFn& run, const QuantizeOptions& options);

}  // namespace twofour::quant
