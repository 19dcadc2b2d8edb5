#include <algorithm>

#include "cpu/sparse24/code_gemv_format.h"
#include "cpu/sparse24/code_gemv_panel.h"
#include "cpu/sparse24/code_lanes_avx512.h"

namespace twofour::cpu {
namespace {

/// 16 rows of a panel.
class Lanes {
 public:
  TWOFOUR_AVX512_OP Lanes(const CodeRows& rows, int64_t first)
      : first_(first),
        mask_(first_lanes(std::clamp<int64_t>(rows.rows - first, 0, 16))),
        start_(_mm512_maskz_loadu_epi32(mask_, rows.starts + first)),
        scale_(_mm512_maskz_loadu_ps(mask_, rows.scales + first)),
        bias_(_mm512_maskz_loadu_ps(mask_, rows.biases + first)) {}

  TWOFOUR_AVX512_OP __m512 values(const int32_t* sums) const {
    const __m512i exact = _mm512_add_epi32(_mm512_loadu_si512(sums + first_), start_);
    return _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(exact), scale_), bias_);
  }
  TWOFOUR_AVX512_OP __m512 load(const float* src) const { return _mm512_maskz_loadu_ps(mask_, src + first_); }
  TWOFOUR_AVX512_OP __m512 load(const std::byte* src, bool is_signed) const {
    return load_codes(mask_, src + first_, is_signed);
  }
  TWOFOUR_AVX512_OP void store(__m512 values, float* dst) const {
    _mm512_mask_storeu_ps(dst + first_, mask_, values);
  }
  /// Rounded and saturated.
  TWOFOUR_AVX512_OP void store(__m512 values, bool is_signed, std::byte* dst) const {
    store_codes(mask_, rounded(values), is_signed, dst + first_);
  }

 private:
  int64_t first_;
  __mmask16 mask_;
  __m512i start_;
  __m512 scale_, bias_;
};

TWOFOUR_AVX512_OP __m512 bounded(__m512 values, float low, float high) {
  return _mm512_min_ps(_mm512_set1_ps(high), _mm512_max_ps(_mm512_set1_ps(low), values));
}

}  // namespace

TWOFOUR_AVX512 void write_values(const CodeRows& rows, const int32_t* sums, float low, float high,
                                 const float* residual, float* dst) {
  for (int64_t first = 0; first < rows.rows; first += 16) {
    const Lanes lanes(rows, first);
    for (int64_t n = 0; n < rows.items; ++n) {
      __m512 values = lanes.values(sums + n * kCodePanelRows);
      if (residual) values = _mm512_add_ps(values, lanes.load(residual + n * rows.stride));
      lanes.store(bounded(values, low, high), dst + n * rows.stride);
    }
  }
}

TWOFOUR_AVX512 void write_codes(const CodeRows& rows, const int32_t* sums, const CodeResult& result,
                                const std::byte* residual, std::byte* dst) {
  const __m512 residual_scale = _mm512_set1_ps(result.residual_scale);
  for (int64_t first = 0; first < rows.rows; first += 16) {
    const Lanes lanes(rows, first);
    for (int64_t n = 0; n < rows.items; ++n) {
      __m512 values = lanes.values(sums + n * kCodePanelRows);
      if (residual) {
        const __m512 more = lanes.load(residual + n * rows.stride, result.residual_signed);
        values = _mm512_add_ps(values, _mm512_mul_ps(more, residual_scale));
      }
      lanes.store(bounded(values, result.low, result.high), result.is_signed, dst + n * rows.stride);
    }
  }
}

}  // namespace twofour::cpu
