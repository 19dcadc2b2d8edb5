// The greatest magnitude of a tensor, in one pass that only reads.
#pragma once

#include <cstdint>

#include "base/tensor.h"

namespace twofour::cpu {

/// The greatest |v| of `count` f32 or bf16 values, in parallel; infinite or NaN when one is. 0 for none.
float greatest_magnitude(DType dtype, const void* values, int64_t count);

}  // namespace twofour::cpu
