// Operators on real values, run on the values that codes stand for: QuantizedAdd is Add of dequantised
// inputs, an activation, and a quantised result. Attributes: those of the operator, the activation's
// (ops/elementwise/activation.h), the output's (output_codes.h), and of every input input_scales and
// input_zero_points; of an f32 input, which is taken as it is, they say 1 and 0.
#pragma once

#include <optional>

#include "ops/op_def.h"

namespace twofour::ops {

/// "QuantizedAdd" for "Add"; nothing when there is none.
std::optional<std::string_view> on_codes(std::string_view op);

struct InputCodes {
  float scale = 1;
  int64_t zero_point = 0;
};
/// One for each input. Throws Error{kInvalidArgument} on another number of them or a scale that is not
/// positive.
std::vector<InputCodes> input_codes_from(const Attrs& attrs, size_t inputs);
void set_input_codes(Attrs& attrs, const std::vector<InputCodes>& codes);

}  // namespace twofour::ops
