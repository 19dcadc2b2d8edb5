// Conversions of whole arrays of 16-bit floats.
#pragma once

#include <span>

#include "twofour/half.h"

namespace twofour {

/// Whole arrays; src and dst have the same length and do not overlap. Uses F16C / AVX-512 where the CPU has
/// it.
void convert(std::span<const float> src, std::span<f16> dst);
void convert(std::span<const f16> src, std::span<float> dst);
void convert(std::span<const float> src, std::span<bf16> dst);
void convert(std::span<const bf16> src, std::span<float> dst);

}  // namespace twofour
