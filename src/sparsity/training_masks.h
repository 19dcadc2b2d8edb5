// The masks that retraining must keep: step 3 of the workflow.
#pragma once

#include <map>
#include <string>

#include "ir/graph.h"

namespace twofour::sparsity {

/// kAuto: the weights that the graph's metadata names. kKeep: those, and every eligible weight whose zeros
/// already form the pattern, for files of other tools. kNone: no masks.
enum class MaskMode : uint8_t { kAuto, kKeep, kNone };

/// Masks by weight name. Throws Error{kFailedPrecondition} when a weight that the metadata names is not 2:4,
/// or with kKeep when no weight is.
std::map<std::string, Tensor> masks_for_training(const Graph& graph, MaskMode mode);

}  // namespace twofour::sparsity
