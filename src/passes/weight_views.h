#pragma once

#include "ir/graph.h"

namespace twofour::passes {

/// Stores a constant in the shape in which it is read: a Reshape, Unsqueeze, Squeeze or Flatten that alone
/// reads a floating-point constant goes, and the constant keeps its name. So weights that exporters keep flat
/// can be trained and pruned as what they are. For training graphs, too.
void fold_weight_views(Graph& graph);

}  // namespace twofour::passes
