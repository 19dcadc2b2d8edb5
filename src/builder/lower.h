// Lowering: a graph as the user has it -> a static graph whose outputs each have a value of their own.
#pragma once

#include "builder/builder.h"

namespace twofour::builder {

/// Binds input shapes, infers all types, prunes by magnitude for SparsityMode::kForce, runs the optimiser
/// passes and paints the graph half when asked to, and gives every output its own node, unless it is an input
/// and nothing is donated. Throws Error{kInvalidArgument} naming inputs whose shape is missing, unknown or
/// contradicts the model.
void lower(Graph& graph, const Options& options);
/// The same for a graph whose inputs are as they will be: a subgraph, whose inputs may stay open.
void lower_bound(Graph& graph, const Options& options);

/// Infers all types at either end of options.ranges, so that a size at which no node can run is found before
/// the work of a build. Throws the Error of the node, naming the inputs and their sizes. Ranges without an
/// upper end stand for whatever can run and are not looked at.
void check_ranges(const Graph& graph, const Options& options);

}  // namespace twofour::builder
