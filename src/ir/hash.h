// Structural hashes: cache keys, and equality in tests. 64 bits of XXH3, the same on every run.
#pragma once

#include <cstdint>

#include "ir/graph.h"

namespace twofour {

/// dtype, shape and the bytes of the elements.
uint64_t hash_tensor(const Tensor& tensor);
uint64_t hash_attrs(const Attrs& attrs);

/// Equal for graphs that compute the same values in the same way: ops, attributes, connections, types,
/// constant contents and trainability, names of graph inputs and outputs. Ignores node order, the names of
/// nodes and inner values, unused constants and metadata.
uint64_t hash_graph(const Graph& graph);

}  // namespace twofour
