#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

void check_granularity(const ValueType& type, const Dim* per_axis, std::string_view what) {
  const bool one = std::ranges::all_of(type.dims, [](const Dim& d) { return dims_fit(d, 1); });
  TWOFOUR_CHECK(one || (per_axis && type.dims.size() == 1 && dims_fit(type.dims[0], *per_axis)),
                kInvalidArgument, "{} is {}; one element{} is expected", what, type.to_string(),
                per_axis ? fmt::format(" or a vector of {}", per_axis->to_string()) : std::string());
}

}  // namespace

void check_codes(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(is_byte(type.dtype) || type.dtype == DType::kI16 || type.dtype == DType::kU16, kUnsupported,
                "{} is {}; codes are i8, u8, i16 or u16", what, type.to_string());
}

void check_bytes(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(is_byte(type.dtype), kUnsupported, "{} is {}; i8 and u8 are supported", what,
                type.to_string());
}

void check_scale(const ValueType& type, const Dim* per_axis, std::string_view what) {
  check_float(type, what);
  check_granularity(type, per_axis, what);
}

void check_zero_point(const ValueType& type, DType codes, const Dim* per_axis, std::string_view what) {
  check_dtype(type, codes, what);
  check_granularity(type, per_axis, what);
}

std::vector<double> to_doubles(const Tensor& tensor) {
  if (!tensor.defined()) return {0};
  const Tensor wide = tensor.to(DType::kF64);
  return {wide.span<double>().begin(), wide.span<double>().end()};
}

bool all_zero(const Tensor& tensor) {
  return std::ranges::all_of(to_doubles(tensor), [](double v) { return v == 0; });
}

std::vector<int32_t> centred(const Tensor& codes, const Tensor& zero_point, size_t axis) {
  const Tensor wide = codes.to(DType::kI32);
  std::vector<int32_t> result(wide.span<int32_t>().begin(), wide.span<int32_t>().end());
  if (!zero_point.defined() || result.empty()) return result;
  const Tensor zeros = zero_point.to(DType::kI32);
  const int32_t* zero = zeros.span<int32_t>().data();
  if (zeros.numel() == 1) {
    for (int32_t& v : result) v -= *zero;
    return result;
  }
  const AxisView view(codes.shape(), axis);
  TWOFOUR_CHECK(zeros.numel() == view.size, kInvalidArgument, "{} zero points for {} channels", zeros.numel(),
                view.size);
  for (size_t i = 0; i < result.size(); ++i)
    result[i] -= zero[static_cast<int64_t>(i) / view.inner % view.size];
  return result;
}

}  // namespace twofour::ops
