#include "quant/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/quantisation/quantize.h"
#include "ops/strided.h"

namespace twofour::quant {
namespace {

/// Calls fn(element, channel) for every element.
template <typename Fn>
void for_each_element(const Tensor& weight, size_t axis, const Fn& fn) {
  const ops::AxisView view(weight.shape(), axis);
  size_t at = 0;
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t channel = 0; channel < view.size; ++channel)
      for (int64_t i = 0; i < view.inner; ++i) fn(at++, static_cast<size_t>(channel));
}

}  // namespace

std::vector<float> weight_scales(const Tensor& weight, size_t axis) {
  const auto values = weight.span<float>();
  std::vector<float> scales(static_cast<size_t>(weight.shape()[axis]));
  for_each_element(weight, axis, [&](size_t i, size_t channel) {
    scales[channel] = std::max(scales[channel], std::fabs(values[i]));
  });
  const float largest = std::ranges::max(scales);
  for (float& scale : scales) {
    if (scale == 0) scale = largest > 0 ? largest : 1;
    scale = std::max(scale / 127, std::numeric_limits<float>::min());
  }
  return scales;
}

Tensor weight_codes(const Tensor& weight, size_t axis, std::span<const float> scales) {
  const auto values = weight.span<float>();
  Tensor codes(DType::kI8, weight.shape());
  const auto dst = codes.span<int8_t>();
  for_each_element(weight, axis, [&](size_t i, size_t channel) {
    const double code = ops::round_half_even(double{values[i] / scales[channel]});
    dst[i] = static_cast<int8_t>(std::clamp(code, -127.0, 127.0));
  });
  return codes;
}

void fit_bias(std::span<float> scales, std::span<const float> bias, float src_scale) {
  constexpr double kMost = 1 << 30;  // half of what 32 bits hold
  for (size_t i = 0; i < scales.size(); ++i) {
    const double least = std::fabs(double{bias[i]}) / (double{src_scale} * kMost);
    if (least > double{scales[i]}) scales[i] = static_cast<float>(least);
  }
}

Tensor bias_codes(std::span<const float> bias, const Shape& shape, std::span<const float> scales) {
  Tensor codes(DType::kI32, shape);
  const auto dst = codes.span<int32_t>();
  for (size_t i = 0; i < bias.size(); ++i)
    dst[i] = ops::saturated<int32_t>(double{bias[i]} / double{scales[i]}, 0);
  return codes;
}

}  // namespace twofour::quant
