#include "quant/codes.h"

#include <algorithm>
#include <limits>

#include "ops/quantisation/quantize.h"

namespace twofour::quant {
namespace {

bool is_normal(double scale) { return scale >= double{std::numeric_limits<float>::min()}; }

ops::OutputCodes signed_codes(double low, double high) {
  const double scale = std::max(-low, high) / 127;
  return {DType::kI8, is_normal(scale) ? static_cast<float>(scale) : 1.0F, 0};
}

ops::OutputCodes unsigned_codes(double low, double high) {
  const double scale = (high - low) / 255;
  if (!is_normal(scale)) return {DType::kU8, 1.0F, 0};
  return {DType::kU8, static_cast<float>(scale), ops::saturated<uint8_t>(-low / scale, 0)};
}

}  // namespace

ops::OutputCodes codes_for(const TensorRange& range, bool is_signed) {
  const double low = std::min(double{range.low}, 0.0);
  const double high = std::max(double{range.high}, 0.0);
  return is_signed ? signed_codes(low, high) : unsigned_codes(low, high);
}

TensorRange united(const TensorRange& a, const TensorRange& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high), std::max(a.clipped, b.clipped)};
}

Tensor scale_tensor(const ops::OutputCodes& codes) { return Tensor::scalar(codes.scale); }

Tensor zero_point_tensor(const ops::OutputCodes& codes) {
  return Tensor::scalar(static_cast<float>(codes.zero_point)).to(codes.dtype);
}

}  // namespace twofour::quant
