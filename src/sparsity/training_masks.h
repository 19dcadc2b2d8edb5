// The masks that retraining must keep: step 3 of the workflow.
#pragma once

#include <map>
#include <string>

#include "ir/graph.h"
#include "sparsity/metadata.h"

namespace twofour::sparsity {

/// kAuto: the weights that find_patterns() finds, if any. kKeep: the same, and there must be some. kNone: no
/// masks.
enum class MaskMode : uint8_t { kAuto, kKeep, kNone };

/// The weights that the graph's metadata names and that are 2:4, and every other eligible weight whose zeros
/// form the pattern, which other tools leave without a mark; not one of zeros only.
std::vector<SparsePattern> find_patterns(const Graph& graph);

/// Masks by weight name, of the weights that are trainable. A weight that the metadata names and that is not
/// 2:4 is left out with a warning; the weights that were found by their zeros are logged. Throws
/// Error{kFailedPrecondition} with kKeep when no weight is 2:4.
std::map<std::string, Tensor> masks_for_training(const Graph& graph, MaskMode mode);

}  // namespace twofour::sparsity
