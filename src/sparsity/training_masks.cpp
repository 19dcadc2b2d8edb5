#include "sparsity/training_masks.h"

#include <algorithm>

#include "base/log.h"
#include "sparsity/eligibility.h"
#include "sparsity/mask.h"
#include "sparsity/verify.h"

namespace twofour::sparsity {
namespace {

using WeightChecks = std::vector<WeightCheck>;

std::vector<SparsePattern> sound_patterns(const WeightChecks& checks) {
  std::vector<SparsePattern> found;
  for (const WeightCheck& check : checks)
    if (check.problem.empty()) found.push_back({check.weight, check.axis});
  return found;
}

bool has_pattern(const SparseWeight& entry) {
  if (eligibility(entry) != Reason::kEligible) return false;
  const Tensor& data = entry.weight->data();
  return zero_fraction(data) < 1 && count_violations(data, entry.axis).count == 0;
}

/// Those of `marked`, and those that no mark names.
std::vector<SparsePattern> with_unmarked(std::vector<SparsePattern> marked, const Graph& graph) {
  for (const SparseWeight& entry : sparse_weights(graph))
    if (std::ranges::find(marked, entry.weight->name(), &SparsePattern::weight) == marked.end() &&
        has_pattern(entry))
      marked.push_back({entry.weight->name(), entry.axis});
  return marked;
}

void warn_stale(const WeightChecks& checks) {
  for (const WeightCheck& check : checks)
    if (!check.problem.empty())
      log_warning("\"{}\" is marked 2:4 and trains as a dense weight: {}", check.weight, check.problem);
}

}  // namespace

std::vector<SparsePattern> find_patterns(const Graph& graph) {
  return with_unmarked(sound_patterns(verify_sparsity(graph)), graph);
}

std::map<std::string, Tensor> masks_for_training(const Graph& graph, MaskMode mode) {
  std::map<std::string, Tensor> masks;
  if (mode == MaskMode::kNone) return masks;
  const WeightChecks checks = verify_sparsity(graph);
  warn_stale(checks);
  const std::vector<SparsePattern> marked = sound_patterns(checks);
  std::vector<std::string> unmarked;
  for (const SparsePattern& pattern : with_unmarked(marked, graph)) {
    if (!graph.find_value(pattern.weight)->trainable()) continue;
    masks[pattern.weight] = mask_from_zeros(graph.find_value(pattern.weight)->data(), pattern.axis);
    if (std::ranges::find(marked, pattern) == marked.end()) unmarked.push_back(pattern.weight);
  }
  if (!unmarked.empty())
    log_info("2:4 by their zeros, though not marked, and kept so: {}", fmt::join(unmarked, ", "));
  TWOFOUR_CHECK(mode == MaskMode::kAuto || !masks.empty(), kFailedPrecondition,
                "no weight of the model is 2:4 sparse; prune it first");
  return masks;
}

}  // namespace twofour::sparsity
