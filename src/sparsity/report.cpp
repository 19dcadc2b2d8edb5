#include "sparsity/report.h"

#include "base/json.h"

namespace twofour::sparsity {
namespace {

std::string shape_text(const Dims& dims) {
  std::vector<std::string> sizes;
  for (const Dim& dim : dims) sizes.push_back(dim.to_string());
  return fmt::format("{}", fmt::join(sizes, "x"));
}

bool has_blocks(Reason reason) {
  return reason != Reason::kNotConstant && reason != Reason::kNoNumbers &&
         reason != Reason::kAxisNotMultipleOf4 && reason != Reason::kGroupNotMultipleOf4;
}

}  // namespace

LayerRow layer_row(const SparseWeight& entry, Reason reason) {
  const Value& weight = *entry.weight;
  LayerRow row = {.layer = layer_names(entry),
                  .op = entry.node->op(),
                  .weight = weight.name(),
                  .shape = shape_text(weight.dims()),
                  .axis = entry.axis,
                  .reason = reason};
  if (weight.is_constant()) row.zeros = zero_fraction(weight.data());
  if (has_blocks(eligibility(entry))) row.violations = count_violations(weight.data(), entry.axis);
  return row;
}

std::vector<LayerRow> inspect(const Graph& graph, const EligibilityOptions& options) {
  std::vector<LayerRow> rows;
  for (const SparseWeight& entry : sparse_weights(graph))
    rows.push_back(layer_row(entry, eligibility(entry, options)));
  return rows;
}

Json to_json(const LayerRow& row) {
  Json json = {{"layer", row.layer},
               {"op", row.op},
               {"weight", row.weight},
               {"shape", row.shape},
               {"axis", row.axis},
               {"eligible", row.reason == Reason::kEligible},
               {"reason", reason_text(row.reason)},
               {"zero_fraction", row.zeros},
               {"sparse", row.is_sparse()},
               {"blocks", row.violations.blocks},
               {"violations", row.violations.count}};
  if (row.violations.count) json["first_violation"] = row.violations.first;
  return json;
}

}  // namespace twofour::sparsity
