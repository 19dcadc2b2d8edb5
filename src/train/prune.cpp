#include "train/prune.h"

#include "sparsity/training_masks.h"

namespace twofour::train {

std::vector<sparsity::PruneRow> prune_trained_model(Graph& model, OptimizerState& optimizer,
                                                    const sparsity::PruneOptions& options) {
  auto rows = sparsity::prune(model, options);
  for (auto& [name, mask] : sparsity::masks_for_training(model, sparsity::MaskMode::kAuto))
    optimizer.masks[name] = std::move(mask);
  apply_masks(model, optimizer);
  return rows;
}

}  // namespace twofour::train
