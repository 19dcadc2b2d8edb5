// The activations of ops/activation.h as a loop of their own: the operators themselves, and what kernels
// apply to a product whose epilogue cannot.
#pragma once

#include <cstdint>

#include "ops/elementwise/activation.h"

namespace twofour::cpu {

/// dst[i] = activation(src[i]), in parallel, in any order of memory. src may be dst.
void apply_activation(const ops::Activation& activation, const float* src, float* dst, int64_t numel);

}  // namespace twofour::cpu
