// The invariants of Graph (ir/graph.h), checked after every pass in tests and before building and exporting.
#pragma once

#include "ir/graph.h"

namespace twofour {

/// Throws Error{kInternal} that says which invariant is broken and names the node or value: a pass has a bug.
void verify(const Graph& graph);

}  // namespace twofour
