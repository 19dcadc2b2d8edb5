// The demo's comparison of engines.
#pragma once

#include "cli/demo_result.h"
#include "twofour/engine.h"
#include "twofour/model.h"

namespace twofour::cli {

/// Builds a dense engine of `dense` and a sparse one of `sparse`, the same network with 2:4 weights, for one
/// batch size, and runs them in turn for `seconds`. Where no layer of the second gains, both are one engine.
/// `tuning` names a timing cache, through which both make the same choices.
EngineResult compare_networks(const Model& dense, const Model& sparse, int64_t batch,
                              const TuningOptions& tuning, double seconds);

}  // namespace twofour::cli
