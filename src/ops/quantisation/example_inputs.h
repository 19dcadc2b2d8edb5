// Inputs for the examples of the operators on codes.
#pragma once

#include "ops/op_def.h"
#include "ops/quantisation/output_codes.h"

namespace twofour::ops {

/// Any codes of i8 or u8.
inline ExampleInput code_input(DType dtype, Shape shape) {
  const float low = dtype == DType::kU8 ? 0 : -128;
  return {.dtype = dtype, .shape = std::move(shape), .low = low, .high = low + 256};
}
inline ExampleInput weight_codes(Shape shape) {
  return {.dtype = DType::kI8, .shape = std::move(shape), .low = -99, .high = 99, .constant = true};
}
inline ExampleInput constant_input(Shape shape, float low, float high) {
  return {.shape = std::move(shape), .low = low, .high = high, .constant = true};
}
/// What one unit of a sum of products is worth.
inline ExampleInput unit_scale(Shape shape) { return constant_input(std::move(shape), 0.001F, 0.002F); }
inline ExampleInput zero_point_input(DType dtype, float value) {
  return {.dtype = dtype, .shape = {}, .values = {value}, .constant = true};
}
inline Attrs with_output_codes(Attrs attrs, const OutputCodes& codes) {
  set_output_codes(attrs, codes);
  return attrs;
}

}  // namespace twofour::ops
