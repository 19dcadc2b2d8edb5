#include "sparse/codes.h"

#include <cmath>
#include <limits>

namespace twofour::bench {
namespace {

size_t columns_of(const Tensor& weight) { return static_cast<size_t>(weight.numel() / weight.shape()[0]); }

}  // namespace

void round_src(const Tensor& src) {
  for (float& v : src.span<float>()) v = std::nearbyint(v * 127) * kSrcScale;
}

Tensor round_weight(const Tensor& weight) {
  Tensor scales(DType::kF32, {weight.shape()[0]});
  const size_t columns = columns_of(weight);
  for (size_t row = 0; row < scales.span<float>().size(); ++row) {
    const std::span<float> values = weight.span<float>().subspan(row * columns, columns);
    float& scale = scales.span<float>()[row] = std::numeric_limits<float>::min();
    for (const float v : values) scale = std::max(scale, std::abs(v) / 127);
    for (float& v : values) v = std::nearbyint(v / scale) * scale;
  }
  return scales;
}

Tensor src_codes(const Tensor& src, DType codes) {
  const int zero = codes == DType::kU8 ? kSrcZero : 0;
  Tensor result(codes, src.shape());
  for (size_t i = 0; i < src.span<float>().size(); ++i)
    result.raw()[i] = static_cast<std::byte>(std::lround(src.span<float>()[i] / kSrcScale) + zero);
  return result;
}

Tensor weight_codes(const Tensor& weight, const Tensor& scales) {
  Tensor codes(DType::kI8, weight.shape());
  const size_t columns = columns_of(weight);
  for (size_t i = 0; i < weight.span<float>().size(); ++i)
    codes.span<int8_t>()[i] =
        static_cast<int8_t>(std::lround(weight.span<float>()[i] / scales.span<float>()[i / columns]));
  return codes;
}

}  // namespace twofour::bench
