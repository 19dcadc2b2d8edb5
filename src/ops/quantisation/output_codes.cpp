#include "ops/quantisation/output_codes.h"

#include "ops/quantisation/quantize.h"

namespace twofour::ops {

void check_scale_value(float scale, std::string_view what) {
  TWOFOUR_CHECK(std::isfinite(scale) && scale > 0, kInvalidArgument,
                "{} is {}; a positive number is expected", what, scale);
}

void check_zero_point_value(int64_t zero_point, DType dtype, std::string_view what) {
  const int64_t low = dtype == DType::kU8 ? 0 : -128;
  TWOFOUR_CHECK(zero_point >= low && zero_point <= low + 255, kInvalidArgument,
                "{} is {}; a value of {} is expected", what, zero_point, dtype_name(dtype));
}

OutputCodes output_codes_from(const Attrs& attrs) {
  OutputCodes codes = {dtype_attr(attrs, "output_dtype").value_or(DType::kF32), attrs.f("output_scale", 1),
                       attrs.i("output_zero_point", 0)};
  if (codes.is_real()) return codes;
  TWOFOUR_CHECK(is_byte(codes.dtype), kInvalidArgument, "output_dtype is {}; f32, i8 or u8 is expected",
                dtype_name(codes.dtype));
  check_scale_value(codes.scale, "output_scale");
  check_zero_point_value(codes.zero_point, codes.dtype, "output_zero_point");
  return codes;
}

void set_output_codes(Attrs& attrs, const OutputCodes& codes) {
  attrs.set("output_dtype", std::string(dtype_name(codes.dtype)));
  attrs.set("output_scale", codes.scale);
  attrs.set("output_zero_point", codes.zero_point);
}

void store_codes(const OutputCodes& codes, std::span<const float> values, const Tensor& dst) {
  if (codes.is_real()) {
    std::ranges::copy(values, dst.span<float>().begin());
    return;
  }
  dispatch_codes(codes.dtype, [&]<typename T>(T) {
    std::ranges::transform(values, dst.span<T>().begin(), [&](float v) {
      return saturated<T>(double{v / codes.scale}, static_cast<double>(codes.zero_point));
    });
  });
}

}  // namespace twofour::ops
