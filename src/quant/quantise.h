// Quantisation after training, from a real network to one in codes, step by step.
#pragma once

#include "quant/run.h"
#include "quant/sensitivity.h"
#include "twofour/quantize_options.h"

namespace twofour::quant {

/// The first operator that makes or takes codes; null: the graph is not quantised.
const Node* find_codes(const Graph& graph);

/// Folds batch norms and what else stands between layers, so that tensors are those that layers exchange, and
/// makes one node of a layer normalisation. Everything stays an ONNX operator. Values that stay keep their
/// names.
void prepare(Graph& graph);

/// prepare() and calibrate(), for a graph without codes: Error{kFailedPrecondition} otherwise.
TensorRanges ranges_of(Graph& graph, const RunFn& run, const QuantizeOptions& options);

/// prepare(), equalisation and smoothing where they are asked for, calibration unless ranges are given, bias
/// correction, the search for layers that must stay real, and the codes. `run` may be empty where ranges are
/// given: then nothing is measured or corrected. `score` may be empty: no search. Throws
/// Error{kFailedPrecondition} when the graph has codes already, kInvalidArgument when a step needs data that
/// are not there, and as calibrate() and insert_codes() do; the graph may be changed then.
QuantizeReport quantise(Graph& graph, const RunFn& run, const QuantizeOptions& options,
                        const ScoreFn& score = {});

}  // namespace twofour::quant
