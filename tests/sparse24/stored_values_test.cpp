#include "cpu/sparse24/stored_values.h"

#include <cmath>

#include "sparse24/random_sparse.h"

namespace twofour::cpu {
namespace {

using testing::compressed;
using testing::random_sparse_dense;

/// A random [13,40] matrix, each value mapped by `value(row, v)`.
template <typename Value>
backend::Sparse24Matrix matrix_of(Value value) {
  std::vector<float> dense = random_sparse_dense(13, 40, 7);
  for (size_t i = 0; i < dense.size(); ++i) dense[i] = value(i / 40, dense[i]);
  return compressed(dense, 13, 40);
}

float scale_of_row(size_t row) { return 0.00173F * static_cast<float>(row + 1); }

TEST(StoredValues, HalvesAreRecognised) {
  EXPECT_EQ(stored_values(matrix_of([](size_t, float v) { return to_float(to_f16(v)); })).dtype, DType::kF16);
  EXPECT_EQ(stored_values(matrix_of([](size_t, float v) { return to_float(to_bf16(v * 1e9F)); })).dtype,
            DType::kBF16);
}

TEST(StoredValues, AnythingElseStaysF32) {
  EXPECT_EQ(stored_values(matrix_of([](size_t, float v) { return v; })).dtype, DType::kF32);
  for (const float odd : {std::nanf(""), INFINITY, 1e-45F})
    EXPECT_NE(stored_values(matrix_of([odd](size_t, float v) { return v == 0 ? 0 : odd; })).dtype,
              DType::kI8);
  auto one_off = matrix_of([](size_t, float v) { return to_float(to_f16(v)); });
  one_off.values[17] = 0.1F;
  EXPECT_EQ(stored_values(one_off).dtype, DType::kF32);
}

TEST(StoredValues, ScaledBytesComeBackExactly) {
  const auto matrix = matrix_of([](size_t row, float v) { return std::round(v * 127) * scale_of_row(row); });
  const StoredValues stored = stored_values(matrix);
  ASSERT_EQ(stored.dtype, DType::kI8);
  const auto whole = whole_numbers(matrix, stored.scales);
  EXPECT_EQ(whole.indices, matrix.indices);
  for (size_t i = 0; i < whole.values.size(); ++i) {
    EXPECT_EQ(whole.values[i], std::round(whole.values[i]));
    EXPECT_LE(std::abs(whole.values[i]), 128);
    EXPECT_EQ(whole.values[i] * stored.scales[i / 20], matrix.values[i]);
  }
}

TEST(StoredValues, WhatNeedsNineBitsIsNotI8) {
  const auto matrix = matrix_of([](size_t row, float v) { return std::round(v * 255) * scale_of_row(row); });
  EXPECT_NE(stored_values(matrix).dtype, DType::kI8);
}

}  // namespace
}  // namespace twofour::cpu
