// Shared by the batch-norm ops.
#pragma once

#include "ops/op_def.h"
#include "ops/strided.h"

namespace twofour::ops {

/// src (input 0) is a float of N,C,...; inputs [first, last) hold one float per channel.
void check_batch_norm_inputs(const Node& node, size_t first, size_t last);

}  // namespace twofour::ops
