// The sparsity table: one row per layer with a weight that 2:4 could apply to.
#pragma once

#include <string>
#include <vector>

#include "base/json_fwd.h"
#include "sparsity/eligibility.h"
#include "sparsity/verify.h"

namespace twofour::sparsity {

struct LayerRow {
  std::string layer;  // node names: layer_names()
  std::string op;
  std::string weight;  // value name
  std::string shape;   // "64x64x3x3", unknown sizes as "?"
  size_t axis = 0;
  Reason reason = Reason::kEligible;
  double zeros = 0;       // fraction
  Violations violations;  // no blocks when blocks of four do not fit
  /// Every block has at most two non-zeros.
  bool is_sparse() const { return violations.blocks > 0 && violations.count == 0; }
};

LayerRow layer_row(const SparseWeight& weight, Reason reason);
/// Changes nothing. Rows are in topological order.
std::vector<LayerRow> inspect(const Graph& graph, const EligibilityOptions& options = {});
Json to_json(const LayerRow& row);

}  // namespace twofour::sparsity
