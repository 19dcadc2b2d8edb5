// What the values of a 2:4 matrix were stored as before they became f32: constant folding turns weights that
// a model keeps as f16, bf16 or i8 with a scale per row (Cast or DequantizeLinear of a constant) into f32. A
// type is taken only when it gives every value back, bit for bit.
#pragma once

#include <vector>

#include "backend/sparse24_format.h"
#include "base/tensor.h"

namespace twofour::cpu {

struct StoredValues {
  DType dtype = DType::kF32;  // kI8, kF16, kBF16 or kF32: the first of them that is exact
  std::vector<float> scales;  // [m] for kI8, where value = whole number * scale of the row; otherwise empty
};
StoredValues stored_values(const backend::Sparse24View& matrix);

/// The matrix with each value divided by its row's scale and rounded to a whole number.
backend::Sparse24Matrix whole_numbers(const backend::Sparse24View& matrix, const std::vector<float>& scales);

}  // namespace twofour::cpu
