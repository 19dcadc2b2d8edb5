#include "cpu/sparse24/code_output.h"

#include <algorithm>
#include <cmath>

#include "cpu/native/elementwise/activation.h"
#include "cpu/sparse24/transpose_avx512.h"
#include "ops/quantisation/output_codes.h"

namespace twofour::cpu {
namespace {

#define TWOFOUR_AVX512_OP TWOFOUR_AVX512 inline __attribute__((always_inline))

/// (codes - zero point) * scale.
TWOFOUR_AVX512_OP __m512 real_values(const std::byte* codes, __mmask16 mask, bool is_signed, float zero_point,
                                     float scale) {
  const __m128i bytes = _mm_maskz_loadu_epi8(mask, codes);
  const __m512i wide = is_signed ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
  return _mm512_mul_ps(_mm512_sub_ps(_mm512_cvtepi32_ps(wide), _mm512_set1_ps(zero_point)),
                       _mm512_set1_ps(scale));
}

}  // namespace

CodeOutput::CodeOutput(const Attrs& attrs, const TensorDesc* residual) : low_(-INFINITY), high_(INFINITY) {
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

void CodeOutput::write(float* values, int64_t count, int64_t offset, const std::byte* residual,
                       std::byte* dst) const {
  if (residual) residual += offset;
  if (smooth_.kind != ops::Activation::Kind::kNone) {
    if (residual) add_residual(values, count, residual);
    residual = nullptr;
    apply_activation(smooth_, values, values, count);
  }
  round(values, count, residual, dst + offset);
}

TWOFOUR_AVX512 void CodeOutput::add_residual(float* values, int64_t count, const std::byte* residual) const {
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = first_lanes(std::min<int64_t>(count - i, 16));
    const __m512 more =
        real_values(residual + i, mask, residual_signed_, residual_zero_point_, residual_scale_);
    _mm512_mask_storeu_ps(values + i, mask, _mm512_add_ps(_mm512_maskz_loadu_ps(mask, values + i), more));
  }
}

TWOFOUR_AVX512 void CodeOutput::round(const float* values, int64_t count, const std::byte* residual,
                                      std::byte* dst) const {
  const __m512 low = _mm512_set1_ps(low_), high = _mm512_set1_ps(high_),
               scale = _mm512_set1_ps(inverse_scale_);
  const __m512i zero_point = _mm512_set1_epi32(zero_point_);
  for (int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = first_lanes(std::min<int64_t>(count - i, 16));
    __m512 v = _mm512_maskz_loadu_ps(mask, values + i);
    if (residual)
      v = _mm512_add_ps(
          v, real_values(residual + i, mask, residual_signed_, residual_zero_point_, residual_scale_));
    v = _mm512_min_ps(high, _mm512_max_ps(low, _mm512_mul_ps(v, scale)));
    const __m512i codes = _mm512_add_epi32(
        _mm512_cvt_roundps_epi32(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), zero_point);
    const __m128i bytes = is_signed_
                              ? _mm512_cvtsepi32_epi8(codes)
                              : _mm512_cvtusepi32_epi8(_mm512_max_epi32(codes, _mm512_setzero_si512()));
    _mm_mask_storeu_epi8(dst + i, mask, bytes);
  }
}

}  // namespace twofour::cpu
