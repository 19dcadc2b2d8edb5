// A network whose batch size is fixed, as exporters write it by default, with an open one.
#pragma once

#include "ir/graph.h"

namespace twofour::train {

/// The first dimension of the one input becomes "N" when it is another number than `batch_size`, with the
/// Reshape nodes and Resize sizes that had that number built in. Throws Error naming the node that works for
/// one batch size only, and kUnsupported naming an output without a batch.
void open_batch(Graph& model, int64_t batch_size);

}  // namespace twofour::train
