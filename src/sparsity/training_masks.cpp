#include "sparsity/training_masks.h"

#include "sparsity/eligibility.h"
#include "sparsity/mask.h"
#include "sparsity/verify.h"

namespace twofour::sparsity {

std::map<std::string, Tensor> masks_for_training(const Graph& graph, MaskMode mode) {
  std::map<std::string, Tensor> masks;
  if (mode == MaskMode::kNone) return masks;
  for (const WeightCheck& check : verify_sparsity(graph)) {
    TWOFOUR_CHECK(check.problem.empty(), kFailedPrecondition,
                  "the metadata calls weight \"{}\" 2:4, but {}; prune the model again", check.weight,
                  check.problem);
    masks[check.weight] = mask_from_zeros(graph.find_value(check.weight)->data(), check.axis);
  }
  if (mode == MaskMode::kAuto) return masks;
  for (const SparseWeight& entry : sparse_weights(graph)) {
    if (eligibility(entry) != Reason::kEligible) continue;
    const Tensor& data = entry.weight->data();
    if (count_violations(data, entry.axis).count == 0)
      masks[entry.weight->name()] = mask_from_zeros(data, entry.axis);
  }
  TWOFOUR_CHECK(!masks.empty(), kFailedPrecondition, "no weight of the model is 2:4 sparse; prune it first");
  return masks;
}

}  // namespace twofour::sparsity
