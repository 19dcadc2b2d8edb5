#include "cpu/sparse24/stored_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace twofour::cpu {
namespace {

/// Whether every value is a whole number in [-128, 127] times `scale`, as f32 computes it.
bool is_scale(std::span<const float> row, float scale) {
  return std::ranges::all_of(row, [scale](float value) {
    const float whole = std::nearbyint(value / scale);
    return whole >= -128 && whole <= 127 && whole * scale == value;
  });
}

/// The largest scale of a row that i8 can hold; 1 for a row of zeros.
std::optional<float> scale_of(std::span<const float> row) {
  float largest = 0;
  for (const float value : row) {
    if (!std::isfinite(value)) return std::nullopt;
    largest = std::max(largest, std::abs(value));
  }
  if (largest == 0) return 1.0F;
  for (int whole = 1; whole <= 128; ++whole) {
    const float scale = largest / static_cast<float>(whole);
    if (!std::isnormal(scale)) return std::nullopt;
    const float infinity = std::numeric_limits<float>::infinity();
    // The product that made `largest` was rounded, so that the scale may be a neighbour of the quotient.
    for (const float s : {scale, std::nextafter(scale, 0.0F), std::nextafter(scale, infinity)})
      if (is_scale(row, s)) return s;
  }
  return std::nullopt;
}

std::vector<float> scales_of(const backend::Sparse24View& matrix) {
  std::vector<float> scales;
  const auto length = static_cast<size_t>(matrix.k / 2);
  for (size_t row = 0; row < static_cast<size_t>(matrix.m); ++row) {
    const auto scale = scale_of(matrix.values.subspan(row * length, length));
    if (!scale) return {};
    scales.push_back(*scale);
  }
  return scales;
}

}  // namespace

StoredValues stored_values(const backend::Sparse24View& matrix) {
  if (auto scales = scales_of(matrix); !scales.empty()) return {DType::kI8, std::move(scales)};
  const auto exact = [&](auto round) {
    return std::ranges::all_of(matrix.values, [round](float v) { return to_float(round(v)) == v; });
  };
  if (exact([](float v) { return to_f16(v); })) return {DType::kF16, {}};
  if (exact([](float v) { return to_bf16(v); })) return {DType::kBF16, {}};
  return {};
}

backend::Sparse24Matrix whole_numbers(const backend::Sparse24View& matrix, const std::vector<float>& scales) {
  backend::Sparse24Matrix result = {.m = matrix.m,
                                    .k = matrix.k,
                                    .values = {matrix.values.begin(), matrix.values.end()},
                                    .indices = {matrix.indices.begin(), matrix.indices.end()}};
  const auto length = static_cast<size_t>(matrix.k / 2);
  for (size_t i = 0; i < result.values.size(); ++i)
    result.values[i] = std::nearbyint(result.values[i] / scales[i / length]);
  return result;
}

}  // namespace twofour::cpu
