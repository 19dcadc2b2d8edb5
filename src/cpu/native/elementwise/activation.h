// The activations of ops/activation.h as a loop of their own, for kernels that do not have them built in.
#pragma once

#include <cstdint>

#include "ops/elementwise/activation.h"

namespace twofour::cpu {

/// data[i] = activation(data[i]), in parallel. `data` may be in any order.
void apply_activation(const ops::Activation& activation, float* data, int64_t numel);

}  // namespace twofour::cpu
