// Weights as i8 codes from -127 to 127, one scale for each output channel and no zero point: 0 is code 0, so
// that 2:4 stays 2:4. Biases as i32 codes in units of the products' sums.
#pragma once

#include <span>
#include <vector>

#include "base/tensor.h"

namespace twofour::quant {

/// The largest magnitude of each channel / 127; the largest scale for a channel of zeros. `weight`: f32,
/// finite.
std::vector<float> weight_scales(const Tensor& weight, size_t axis);
/// i8, of the weight's shape.
Tensor weight_codes(const Tensor& weight, size_t axis, std::span<const float> scales);

/// Raises the scales with which a channel of the bias would not fit its i32, sums beside it.
void fit_bias(std::span<float> scales, std::span<const float> bias, float src_scale);
/// i32, of `shape`.
Tensor bias_codes(std::span<const float> bias, const Shape& shape, std::span<const float> scales);

}  // namespace twofour::quant
