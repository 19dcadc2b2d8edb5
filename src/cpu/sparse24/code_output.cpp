#include "cpu/sparse24/code_output.h"

#include <bit>

#include "cpu/native/elementwise/activation.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {
namespace {

template <typename T>
void add_codes(float* values, int64_t count, const T* residual, float zero_point, float scale) {
  run_simd([=]() TWOFOUR_INLINE {
    for (int64_t i = 0; i < count; ++i) values[i] += (static_cast<float>(residual[i]) - zero_point) * scale;
  });
}

/// Halves go to the even neighbour: adding 1.5 * 2^23 leaves no bits below one.
template <typename T>
void round_codes(const float* values, int64_t count, float inverse_scale, int32_t zero_point, T* dst) {
  constexpr float kShift = 12582912.0F;
  constexpr int32_t kLow = std::numeric_limits<T>::lowest(), kHigh = std::numeric_limits<T>::max();
  const auto low = static_cast<float>(kLow - zero_point), high = static_cast<float>(kHigh - zero_point);
  run_simd([=]() TWOFOUR_INLINE {
    for (int64_t i = 0; i < count; ++i) {
      float v = values[i] * inverse_scale;
      v = v > low ? v : low;
      v = v < high ? v : high;
      dst[i] =
          static_cast<T>(std::bit_cast<int32_t>(v + kShift) - std::bit_cast<int32_t>(kShift) + zero_point);
    }
  });
}

}  // namespace

CodeOutput::CodeOutput(const Attrs& attrs, const TensorDesc* residual)
    : codes_(ops::output_codes_from(attrs)), activation_(ops::activation_from(attrs)) {
  if (!residual) return;
  residual_signed_ = residual->dtype == DType::kI8;
  residual_scale_ = attrs.f("residual_scale", 1);
  residual_zero_point_ = static_cast<float>(attrs.i("residual_zero_point", 0));
}

void CodeOutput::add_residual(float* values, int64_t count, const std::byte* residual) const {
  if (residual_signed_)
    return add_codes(values, count, reinterpret_cast<const int8_t*>(residual), residual_zero_point_,
                     residual_scale_);
  add_codes(values, count, reinterpret_cast<const uint8_t*>(residual), residual_zero_point_, residual_scale_);
}

void CodeOutput::write(float* values, int64_t count, int64_t offset, const std::byte* residual,
                       std::byte* dst) const {
  if (residual) add_residual(values, count, residual + offset);
  if (activation_.kind != ops::Activation::Kind::kNone) apply_activation(activation_, values, values, count);
  const float inverse_scale = 1 / codes_.scale;
  const auto zero_point = static_cast<int32_t>(codes_.zero_point);
  if (codes_.dtype == DType::kI8)
    return round_codes(values, count, inverse_scale, zero_point, reinterpret_cast<int8_t*>(dst + offset));
  round_codes(values, count, inverse_scale, zero_point, reinterpret_cast<uint8_t*>(dst + offset));
}

}  // namespace twofour::cpu
