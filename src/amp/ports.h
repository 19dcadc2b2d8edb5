// Which values of a node take part in mixed precision.
#pragma once

#include "ops/op_def.h"

namespace twofour::amp {

/// Input `i` is there, floating point, and its type may change.
bool is_paintable_input(const Node& node, size_t i);
/// Output `i` is f32 and may become half.
bool is_paintable_output(const Node& node, size_t i);

}  // namespace twofour::amp
