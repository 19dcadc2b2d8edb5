// Steps 2 and 3 of the workflow in one call: prune a trained network, and let the optimiser keep the pattern.
#pragma once

#include "sparsity/prune.h"
#include "train/optimizer.h"

namespace twofour::train {

/// Prunes `model` by magnitude to 2:4 and puts the masks into `optimizer`, whose momentum is masked too; the
/// training loop stays as it is. Masks of other weights are kept. Throws what sparsity::prune throws.
std::vector<sparsity::PruneRow> prune_trained_model(Graph& model, OptimizerState& optimizer,
                                                    const sparsity::PruneOptions& options = {});

}  // namespace twofour::train
