// The activation at the end of a chain that is being fused.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace twofour::passes {

/// When only an activation of ops/activation.h (Clip with constant bounds) reads the chain's result, appends
/// it to the chain and sets its attributes; else changes nothing and returns false.
bool append_activation(const Graph& graph, std::vector<Node*>& chain, Attrs& attrs);

}  // namespace twofour::passes
