// Which layers must stay in floating point for the accuracy, found by measuring it.
#pragma once

#include <functional>

#include "quant/errors.h"
#include "quant/insert.h"

namespace twofour::quant {

/// The accuracy of a network, a fraction.
using ScoreFn = std::function<double(const Graph& graph)>;

/// Adds layers to `corrections.real_layers` until the accuracy is at most options.budget below that of
/// `real`: those first that recover most when they alone are in floating point, of equal ones those with the
/// lower signal-to-noise ratio. One measurement for every layer, none where the budget is met at once.
Sensitivity find_real_layers(const Graph& real, const TensorRanges& ranges, const QuantizeOptions& options,
                             const std::map<std::string, OutputError>& errors, const ScoreFn& score,
                             Corrections& corrections);

}  // namespace twofour::quant
