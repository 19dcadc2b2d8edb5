#include "sparsity/training_masks.h"

#include "sparsity/eligibility.h"
#include "sparsity/mask.h"
#include "sparsity/metadata.h"
#include "sparsity/verify.h"

namespace twofour::sparsity {

std::map<std::string, Tensor> masks_for_training(const Graph& graph, MaskMode mode) {
  std::map<std::string, Tensor> masks;
  if (mode == MaskMode::kNone) return masks;
  require_sparsity(graph);
  for (const SparsePattern& marked : read_metadata(graph))
    masks[marked.weight] = mask_from_zeros(graph.find_value(marked.weight)->data(), marked.axis);
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
