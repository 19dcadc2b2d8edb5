#pragma once

#include <span>

#include "ir/graph.h"

namespace twofour {

/// Copies the nodes and constants of `body` into `graph`, before `before` (at the end when null), with
/// args[i] in place of its input i. Returns what stands for its outputs, which may be args or constants.
/// Names that are taken get a suffix.
std::vector<Value*> inline_graph(Graph& graph, const Graph& body, std::span<Value* const> args,
                                 const Node* before = nullptr);

}  // namespace twofour
