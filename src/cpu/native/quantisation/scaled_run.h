// Loops between real values and codes, equal to the references of QuantizeLinear and DequantizeLinear bit for
// bit: what those and the operators on codes are made of.
#pragma once

#include "cpu/op_tactic.h"

namespace twofour::cpu {

/// Converts n neighbours. Element i has scale[i] and zero_point[i], or (`step` 0) all have the first ones.
using ScaledRun = void (*)(int64_t n, const std::byte* src, const float* scale, const int32_t* zero_point,
                           int64_t step, std::byte* dst);

/// f32 to codes: src / scale + zero_point, halves to even, saturated; NaN gives the zero point. Null unless
/// they are i8, u8, i16 or u16.
ScaledRun quantize_run(DType codes);
/// Codes to f32: (src - zero_point) * scale. Null unless they are one of those or i32.
ScaledRun dequantize_run(DType codes);

}  // namespace twofour::cpu
