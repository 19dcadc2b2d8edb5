// Reverse-mode differentiation from graph to graph: the backward pass is more nodes of the same graph, so
// every pass, tactic and the memory planner serve it too.
#pragma once

#include <map>
#include <span>

#include "ir/graph.h"

namespace twofour::train {

/// Appends the nodes that compute d(loss)/d(v) * seed for every v in `wrt`, from each op's OpDef.grad, and
/// returns them; null for a v that the loss does not depend on. Contributions of several users are summed
/// with Add. Only nodes between `wrt` and the loss get a backward part; what a gradient rule emits beyond
/// that stays dead until Graph::erase_dead(). Shapes must be static.
///
/// `loss_grad_seed` has the loss's type: 1, or the loss scale, which scales every gradient by it.
/// Throws Error{kUnsupported} naming the node and its reason when a node on the way is not differentiable.
std::map<Value*, Value*> append_gradients(Graph& graph, Value* loss, std::span<Value* const> wrt,
                                          Value* loss_grad_seed);

}  // namespace twofour::train
