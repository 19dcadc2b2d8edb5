// What a graph says about its sparse weights, kept through import and export under the key
// "twofour.sparsity":
//   {"pattern": "2:4", "weights": [{"name": "conv2.weight", "axis": 1}]}
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace twofour::sparsity {

inline constexpr const char* kMetadataKey = "twofour.sparsity";

struct SparsePattern {
  std::string weight;
  size_t axis;
  bool operator==(const SparsePattern&) const = default;
};

/// Replaces what stood there; an empty list removes the entry.
void write_metadata(Graph& graph, std::span<const SparsePattern> patterns);
/// Empty without the entry. Throws Error{kDataCorrupt} when it is malformed, kUnsupported on another pattern
/// than 2:4.
std::vector<SparsePattern> read_metadata(const Graph& graph);

}  // namespace twofour::sparsity
