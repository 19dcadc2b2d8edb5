// Step 2 of the workflow: prune a trained network once, by magnitude, to 2:4 (Mishra et al. 2021).
#pragma once

#include <string>
#include <vector>

#include "sparsity/report.h"

namespace twofour::sparsity {

struct PruneOptions {
  std::vector<std::string> include;  // layer name globs (*, ?, [a-z]); empty: every layer
  std::vector<std::string> exclude;
  EligibilityOptions eligibility;
};

struct PruneRow {
  LayerRow layer;             // after pruning
  double zeros_before = 0;    // fraction
  double magnitude_kept = 1;  // sum of |w| after, over before
};

/// Writes zeros into every eligible weight and adds the weights to the graph's metadata
/// (sparsity/metadata.h). Data shared with clones of the graph is left alone. One row per layer, pruned or
/// with the reason why not. Throws Error{kNotFound} on a glob that matches no layer, kInvalidArgument naming
/// the layer when a weight holds NaN; the graph is unchanged then.
std::vector<PruneRow> prune(Graph& graph, const PruneOptions& options = {});
Json to_json(const PruneRow& row);

}  // namespace twofour::sparsity
