// Where 2:4 blocks run. This is the one place that turns a graph into (weight, axis) pairs; the rule of each
// operator is its OpDef.sparsity: input channels at fixed (k,r,s) for convolutions, the reduction axis for
// matrix products.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace twofour::sparsity {

struct SparseWeight {
  Node* node;                 // the first node, in topological order, that multiplies by the weight
  std::vector<Node*> others;  // those after it that share the weight
  Value* weight;  // what is stored: a constant, or a graph input or computed value that cannot be pruned
  size_t axis;    // the axis of `weight`, not of the node's input, along which blocks of four run
  bool conflict;  // another node shares the weight and needs another axis
};

/// The names of all its layers: "fc1, fc2".
std::string layer_names(const SparseWeight& weight);

/// One entry per distinct weight, in topological order. Casts, identities, transposes and (de)quantisation
/// with zero point 0 between the stored weight and the node are followed back, and the axis with them.
std::vector<SparseWeight> sparse_weights(const Graph& graph);

}  // namespace twofour::sparsity
