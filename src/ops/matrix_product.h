// The matrix product that the references of Gemm and MatMul share.
#pragma once

#include <cstdint>
#include <vector>

namespace twofour::ops {

/// A matrix in memory: element (i, j) is data[i * row + j * col].
struct MatrixView {
  const float* data;
  int64_t row;
  int64_t col;
};

/// Calls fn(m, sums) for every row m of a [M,K] times b [K,N]; sums holds N dot products in double precision.
template <typename Fn>
void for_each_product_row(const MatrixView& a, const MatrixView& b, int64_t m, int64_t n, int64_t k,
                          Fn&& fn) {
  std::vector<double> sums(static_cast<size_t>(n));
  for (int64_t i = 0; i < m; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t p = 0; p < k; ++p) {
      const double factor = a.data[i * a.row + p * a.col];
      const float* row = b.data + p * b.row;
      for (int64_t j = 0; j < n; ++j) sums[static_cast<size_t>(j)] += factor * double{row[j * b.col]};
    }
    fn(i, sums);
  }
}

}  // namespace twofour::ops
