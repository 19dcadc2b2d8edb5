#include <algorithm>
#include <cmath>

#include "cpu/native/elementwise/activation.h"
#include "cpu/sparse24/code_lanes_avx512.h"
#include "cpu/sparse24/code_output.h"
#include "ops/quantisation/output_codes.h"

namespace twofour::cpu {

CodeOutput::CodeOutput(const Attrs& attrs, const TensorDesc* residual)
    : LateOutput(sizeof(std::byte)), low_(-INFINITY), high_(INFINITY) {
  const ops::OutputCodes codes = ops::output_codes_from(attrs);
  is_signed_ = codes.dtype == DType::kI8;
  inverse_scale_ = 1 / codes.scale;
  zero_point_ = static_cast<int32_t>(codes.zero_point);
  using Kind = ops::Activation::Kind;
  const ops::Activation activation = ops::activation_from(attrs);
  if (activation.kind == Kind::kClip) std::tie(low_, high_) = std::pair(activation.low, activation.high);
  else if (activation.kind == Kind::kRelu) low_ = 0;
  else smooth_ = activation;
  low_ = std::max(low_ * inverse_scale_, -kBeyondCodes);
  high_ = std::min(high_ * inverse_scale_, kBeyondCodes);
  if (!residual) return;
  residual_signed_ = residual->dtype == DType::kI8;
  residual_scale_ = attrs.f("residual_scale", 1);
  residual_zero_point_ = static_cast<float>(attrs.i("residual_zero_point", 0));
}

void CodeOutput::write(float* values, int64_t count, const std::byte* residual, std::byte* dst) const {
  if (residual) add_residual(values, count, residual);
  if (smooth_.kind != ops::Activation::Kind::kNone) apply_activation(smooth_, values, values, count);
  round(values, count, dst);
}

TWOFOUR_AVX512 void CodeOutput::add_residual(float* values, int64_t count, const std::byte* residual) const {
  const __m512 zero_point = _mm512_set1_ps(residual_zero_point_), scale = _mm512_set1_ps(residual_scale_);
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = first_lanes(std::min<int64_t>(count - i, 16));
    const __m512 codes = load_codes(mask, residual + i, residual_signed_);
    const __m512 more = _mm512_mul_ps(_mm512_sub_ps(codes, zero_point), scale);
    _mm512_mask_storeu_ps(values + i, mask, _mm512_add_ps(_mm512_maskz_loadu_ps(mask, values + i), more));
  }
}

TWOFOUR_AVX512 void CodeOutput::round(const float* values, int64_t count, std::byte* dst) const {
  const __m512 low = _mm512_set1_ps(low_), high = _mm512_set1_ps(high_),
               scale = _mm512_set1_ps(inverse_scale_);
  const __m512i zero_point = _mm512_set1_epi32(zero_point_);
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = first_lanes(std::min<int64_t>(count - i, 16));
    const __m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, values + i), scale);
    const __m512i codes = rounded(_mm512_min_ps(high, _mm512_max_ps(low, v)));
    store_codes(mask, _mm512_add_epi32(codes, zero_point), is_signed_, dst + i);
  }
}

}  // namespace twofour::cpu
