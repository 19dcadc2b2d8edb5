// A network whose batch size is fixed, as exporters write it by default, with an open one.
#pragma once

#include "ir/graph.h"

namespace twofour::train {

/// The first dimension of the one input becomes "N" when it is another number than `batch_size`, with the
/// Reshape and Expand nodes and Resize sizes that had that number built in; constants that a Concat joins to
/// every item are expanded to the batch. Throws Error naming the node that works for one batch size only, and
/// kUnsupported naming an output without a batch and the node that ends it.
void open_batch(Graph& model, int64_t batch_size);

}  // namespace twofour::train
