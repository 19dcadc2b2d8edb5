// Sparsity tables as the public API shows them.
#pragma once

#include "sparsity/prune.h"
#include "twofour/model.h"

namespace twofour::api {

SparsityRow to_public(const sparsity::LayerRow& row);
std::vector<PruneRow> to_public(const std::vector<sparsity::PruneRow>& rows);
sparsity::PruneOptions to_internal(const PruneOptions& options);

}  // namespace twofour::api
