// From the range of a tensor to 8-bit codes; 0 always has one.
#pragma once

#include "base/tensor.h"
#include "ops/quantisation/output_codes.h"
#include "twofour/quantize_options.h"

namespace twofour::quant {

/// u8 with the zero point that puts the ends of the range, widened to 0, on the codes' ends; or i8 from -127
/// to 127 with zero point 0. A range of nothing, or too small for a float, has scale 1.
ops::OutputCodes codes_for(const TensorRange& range, bool is_signed);

/// The smallest range that holds both.
TensorRange united(const TensorRange& a, const TensorRange& b);

/// The parameters as QuantizeLinear reads them, scalars.
Tensor scale_tensor(const ops::OutputCodes& codes);
Tensor zero_point_tensor(const ops::OutputCodes& codes);

}  // namespace twofour::quant
