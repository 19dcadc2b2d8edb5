// What the operators on codes give: real values, or codes of them. Attributes output_dtype (f32, i8 or u8;
// f32 when it is absent), output_scale and output_zero_point.
#pragma once

#include <span>

#include "ops/elementwise/activation.h"
#include "ops/op_def.h"

namespace twofour::ops {

struct OutputCodes {
  DType dtype = DType::kF32;
  float scale = 1;
  int64_t zero_point = 0;

  bool is_real() const { return dtype == DType::kF32; }
};

/// Throws Error{kInvalidArgument} on another type, a scale that is not positive and finite, or a zero point
/// that is no code.
OutputCodes output_codes_from(const Attrs& attrs);
void set_output_codes(Attrs& attrs, const OutputCodes& codes);

/// dst = values, or the codes of them.
void store_codes(const OutputCodes& codes, std::span<const float> values, const Tensor& dst);

/// Throws Error{kInvalidArgument} unless `scale` is positive and finite. `what` names it.
void check_scale_value(float scale, std::string_view what);
/// Throws Error{kInvalidArgument} unless `zero_point` is a value of `dtype`, i8 or u8.
void check_zero_point_value(int64_t zero_point, DType dtype, std::string_view what);

}  // namespace twofour::ops
