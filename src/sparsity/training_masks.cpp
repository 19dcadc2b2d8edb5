#include "sparsity/training_masks.h"

#include <algorithm>

#include "base/log.h"
#include "sparsity/eligibility.h"
#include "sparsity/mask.h"
#include "sparsity/verify.h"

namespace twofour::sparsity {
namespace {

std::vector<SparsePattern> marked_patterns(const Graph& graph) {
  std::vector<SparsePattern> found;
  for (const WeightCheck& check : verify_sparsity(graph))
    if (check.problem.empty()) found.push_back({check.weight, check.axis});
  return found;
}

bool has_pattern(const SparseWeight& entry) {
  if (eligibility(entry) != Reason::kEligible) return false;
  const Tensor& data = entry.weight->data();
  return zero_fraction(data) < 1 && count_violations(data, entry.axis).count == 0;
}

void warn_stale(const Graph& graph) {
  for (const WeightCheck& check : verify_sparsity(graph))
    if (!check.problem.empty())
      log_warning("\"{}\" is marked 2:4 and trains as a dense weight: {}", check.weight, check.problem);
}

}  // namespace

std::vector<SparsePattern> find_patterns(const Graph& graph) {
  std::vector<SparsePattern> found = marked_patterns(graph);
  for (const SparseWeight& entry : sparse_weights(graph))
    if (std::ranges::find(found, entry.weight->name(), &SparsePattern::weight) == found.end() &&
        has_pattern(entry))
      found.push_back({entry.weight->name(), entry.axis});
  return found;
}

std::map<std::string, Tensor> masks_for_training(const Graph& graph, MaskMode mode) {
  std::map<std::string, Tensor> masks;
  if (mode == MaskMode::kNone) return masks;
  warn_stale(graph);
  const std::vector<SparsePattern> marked = marked_patterns(graph);
  std::vector<std::string> unmarked;
  for (const SparsePattern& pattern : find_patterns(graph)) {
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
