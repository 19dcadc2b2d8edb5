// From a plan back to the graph that it runs: to build it again for other sizes.
#pragma once

#include "engine/plan.h"
#include "ir/graph.h"

namespace twofour::builder {

/// The nodes are the plan's steps, fused as they are there. Constant data is shared with the sections. Throws
/// Error{kFailedPrecondition} when a constant is there only as a tactic packed it, or an output lives in the
/// buffer of an input.
Graph graph_of(const engine::Plan& plan, std::span<const Tensor> sections);

}  // namespace twofour::builder
