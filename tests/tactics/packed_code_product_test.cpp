// Products of packed codes: the sums are exact, also where 16 bits would not hold two products.
#include "cpu/native/linear/packed_code_product.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace twofour::cpu {
namespace {

struct Matrices {
  int64_t rows, k, n;
  std::vector<int> a, b;  // codes
};

Matrices random_matrices(int64_t rows, int64_t k, int64_t n) {
  Rng rng(3);
  Matrices m{rows, k, n, {}, {}};
  for (int64_t i = 0; i < rows * k; ++i) m.a.push_back(static_cast<int>(rng.below(256)));
  for (int64_t i = 0; i < k * n; ++i) m.b.push_back(static_cast<int>(rng.below(256)) - 128);
  return m;
}

int a_zero(int64_t row) { return static_cast<int>(row * 37 % 256); }
int b_zero(int64_t column) { return static_cast<int>(column * 53 % 256) - 128; }

/// Every second row of A is of another matrix.
void expect_exact(const Matrices& m) {
  constexpr int64_t kStep = 2;
  const int64_t row_bytes = code_row_bytes(m.k), columns = panel_columns(m.n);
  std::vector<uint8_t> codes(static_cast<size_t>(m.rows * kStep * row_bytes), 0xff);
  std::vector<CodeRow> described(static_cast<size_t>(m.rows * kStep));
  for (int64_t r = 0; r < m.rows; ++r) {
    CodeRow& row = described[static_cast<size_t>(r * kStep)] = {0.5F, a_zero(r), 0};
    for (int64_t i = 0; i < m.k; ++i) {
      const int code = m.a[static_cast<size_t>(r * m.k + i)];
      codes[static_cast<size_t>(r * kStep * row_bytes + i)] = static_cast<uint8_t>(code);
      row.sum += code - row.zero_point;
    }
  }
  std::vector<std::byte> packed(static_cast<size_t>(packed_code_bytes(m.k, m.n)));
  pack_code_product(m.k, m.n, packed.data(), [&](int64_t i, int64_t j) {
    return static_cast<int8_t>(m.b[static_cast<size_t>(i * m.n + j)]);
  });
  std::vector<float> scale(static_cast<size_t>(columns), 2.0F);
  std::vector<int32_t> zero_point(static_cast<size_t>(columns));
  for (int64_t j = 0; j < columns; ++j) zero_point[static_cast<size_t>(j)] = b_zero(j);
  std::vector<float> dst(static_cast<size_t>(m.rows * columns), 1.0F);
  add_packed_code_product({codes.data(), described.data(), kStep, m.rows},
                          {m.k, columns, packed.data(), scale.data(), zero_point.data()}, dst.data(),
                          columns);
  for (int64_t r = 0; r < m.rows; ++r)
    for (int64_t j = 0; j < m.n; ++j) {
      int64_t sum = 1;
      for (int64_t i = 0; i < m.k; ++i)
        sum += (m.a[static_cast<size_t>(r * m.k + i)] - a_zero(r)) *
               (m.b[static_cast<size_t>(i * m.n + j)] - b_zero(j));
      ASSERT_LT(std::abs(sum), 1 << 24) << "f32 does not hold it";
      ASSERT_EQ(dst[static_cast<size_t>(r * columns + j)], static_cast<float>(sum))
          << m.rows << " rows, k " << m.k << ", n " << m.n << ": row " << r << ", column " << j;
    }
}

TEST(PackedCodeProduct, EverySize) {
  for (const int64_t rows : {1, 2, 3, 4, 7, 33, 70})
    for (const int64_t k : {1, 3, 4, 6, 65})
      for (const int64_t n : {1, 15, 16, 17, 63, 64, 150, 300}) expect_exact(random_matrices(rows, k, n));
}

TEST(PackedCodeProduct, ManyColumns) { expect_exact(random_matrices(1, 5, 5000)); }

TEST(PackedCodeProduct, NothingSaturates) {
  for (const int b : {-128, 127}) {
    Matrices m = random_matrices(5, 250, 33);
    std::ranges::fill(m.a, 255);
    std::ranges::fill(m.b, b);
    expect_exact(m);
  }
}

}  // namespace
}  // namespace twofour::cpu
