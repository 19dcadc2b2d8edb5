#include "sparsity/prune.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/glob.h"
#include "base/json.h"
#include "sparsity/mask.h"
#include "sparsity/metadata.h"
#include "sparsity/verify.h"

namespace twofour::sparsity {
namespace {

/// Of a shared weight any layer's name counts.
bool matches(const std::string& glob, const SparseWeight& weight) {
  const auto named = [&](const Node* node) { return glob_matches(glob, node->name()); };
  return named(weight.node) || std::ranges::any_of(weight.others, named);
}

bool matches_any(const std::vector<std::string>& globs, const SparseWeight& weight) {
  return std::ranges::any_of(globs, [&](const std::string& glob) { return matches(glob, weight); });
}

void check_globs(const std::vector<std::string>& globs, const std::vector<SparseWeight>& weights) {
  for (const std::string& glob : globs)
    TWOFOUR_CHECK(std::ranges::any_of(weights, [&](const SparseWeight& w) { return matches(glob, w); }),
                  kNotFound, "\"{}\" matches no layer that has a weight", glob);
}

Reason reason_for(const SparseWeight& entry, const PruneOptions& options) {
  const bool included = options.include.empty() || matches_any(options.include, entry);
  if (!included || matches_any(options.exclude, entry)) return Reason::kExcluded;
  return eligibility(entry, options.eligibility);
}

double magnitude(const Tensor& weight) {
  const Tensor values = weight.to(DType::kF32);
  double sum = 0;
  for (const float v : values.span<float>()) sum += std::fabs(v);
  return sum;
}

}  // namespace

std::vector<PruneRow> prune(Graph& graph, const PruneOptions& options) {
  TWOFOUR_CHECK(options.eligibility.min_elements >= 0, kInvalidArgument,
                "weights of at least {} elements are to be pruned; 0 or more is expected",
                options.eligibility.min_elements);
  const std::vector<SparseWeight> weights = sparse_weights(graph);
  check_globs(options.include, weights);
  check_globs(options.exclude, weights);
  std::vector<std::pair<Value*, Tensor>> pruned;
  std::vector<SparsePattern> patterns;
  for (const SparseWeight& entry : weights) {
    if (reason_for(entry, options) != Reason::kEligible) continue;
    const Tensor& data = entry.weight->data();
    const Tensor mask = with_context([&] { return fmt::format("pruning {}", entry.node->label()); },
                                     [&] { return magnitude_mask(data, entry.axis); });
    pruned.emplace_back(entry.weight, masked(data, mask));
    patterns.push_back({entry.weight->name(), entry.axis});
  }
  // Weights of an earlier, partial pruning stay listed.
  drop_stale_marks(graph);
  for (SparsePattern& earlier : read_metadata(graph))
    if (std::ranges::find(patterns, earlier.weight, &SparsePattern::weight) == patterns.end())
      patterns.push_back(std::move(earlier));
  std::vector<PruneRow> rows;
  auto next = pruned.begin();
  for (const SparseWeight& entry : weights) {
    PruneRow row;
    const Reason reason = reason_for(entry, options);
    if (entry.weight->is_constant()) row.zeros_before = zero_fraction(entry.weight->data());
    if (reason == Reason::kEligible) {
      const double before = magnitude(entry.weight->data());
      if (before > 0) row.magnitude_kept = magnitude(next->second) / before;
      entry.weight->set_data(std::move(next->second));
      ++next;
    }
    row.layer = layer_row(entry, reason);
    rows.push_back(std::move(row));
  }
  write_metadata(graph, patterns);
  return rows;
}

Json to_json(const PruneRow& row) {
  Json json = to_json(row.layer);
  json["zero_fraction_before"] = row.zeros_before;
  json["magnitude_kept"] = row.magnitude_kept;
  return json;
}

}  // namespace twofour::sparsity
