// Shared by the ops of the update step.
#pragma once

#include "ir/graph.h"

namespace twofour::ops {

/// Throws Error{kInvalidArgument} unless the value has that dtype and one element.
void check_scalar(const Value* value, DType dtype, std::string_view what);

}  // namespace twofour::ops
