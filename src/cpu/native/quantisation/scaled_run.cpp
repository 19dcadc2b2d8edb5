#include "cpu/native/quantisation/scaled_run.h"

#include <bit>
#include <limits>

#include "base/tensor.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {
namespace {

template <typename T>
TWOFOUR_INLINE inline T nearest_code(float quotient, int32_t zero_point) {
  using Limits = std::numeric_limits<T>;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it drops the fraction
  const auto low = static_cast<float>(Limits::lowest() - zero_point);
  const auto high = static_cast<float>(Limits::max() - zero_point);
  const float number = quotient == quotient ? quotient : 0.0F;
  const float raised = number < low ? low : number;
  const float bounded = raised > high ? high : raised;
  const int32_t whole = std::bit_cast<int32_t>(bounded + kRound) - std::bit_cast<int32_t>(kRound);
  return static_cast<T>(whole + zero_point);
}

template <typename T>
TWOFOUR_INLINE inline float real_value(T code, float scale, int32_t zero_point) {
  if constexpr (sizeof(T) <= 2) return static_cast<float>(code - zero_point) * scale;  // an exact difference
  const double difference = static_cast<double>(code) - static_cast<double>(zero_point);
  return static_cast<float>(difference * double{scale});
}

template <typename To, typename From>
TWOFOUR_INLINE inline To converted(From value, float scale, int32_t zero_point) {
  if constexpr (std::is_integral_v<To>) return nearest_code<To>(value / scale, zero_point);
  else return real_value(value, scale, zero_point);
}

template <typename From, typename To>
void run_scaled(int64_t n, const std::byte* src_bytes, const float* scale, const int32_t* zero_point,
                int64_t step, std::byte* dst_bytes) {
  const auto* const src = reinterpret_cast<const From*>(src_bytes);
  auto* const dst = reinterpret_cast<To*>(dst_bytes);
  run_simd([=]() TWOFOUR_INLINE {
    if (step == 0) {
      const float one_scale = *scale;
      const int32_t one_zero_point = *zero_point;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = converted<To>(src[i], one_scale, one_zero_point);
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = converted<To>(src[i], scale[i], zero_point[i]);
    }
  });
}

template <typename T>
constexpr bool kIsCode = std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 2;

}  // namespace

ScaledRun quantize_run(DType codes) {
  return dispatch_dtype(codes, []<typename T>(T) -> ScaledRun {
    if constexpr (kIsCode<T>) return run_scaled<float, T>;
    else return nullptr;
  });
}

ScaledRun dequantize_run(DType codes) {
  return dispatch_dtype(codes, []<typename T>(T) -> ScaledRun {
    if constexpr (kIsCode<T> || std::is_same_v<T, int32_t>) return run_scaled<T, float>;
    else return nullptr;
  });
}

}  // namespace twofour::cpu
