// The matrix product that the references of Gemm, MatMul and their quantised forms share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "ops/elementwise/elementwise.h"

namespace twofour::ops {

/// A matrix in memory: element (i, j) is data[i * row + j * col].
template <typename T>
struct MatrixView {
  const T* data;
  int64_t row;
  int64_t col;
};

/// What products of T are summed in: floats in double; integers wrap around.
template <typename T>
using ProductSum = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

/// Calls fn(m, sums) for every row m of a [M,K] times b [K,N]; sums holds N dot products.
template <typename T, typename Fn>
void for_each_product_row(const MatrixView<T>& a, const MatrixView<T>& b, int64_t m, int64_t n, int64_t k,
                          Fn&& fn) {
  using Sum = ProductSum<T>;
  std::vector<Sum> sums(static_cast<size_t>(n));
  for (int64_t i = 0; i < m; ++i) {
    std::fill(sums.begin(), sums.end(), Sum{});
    for (int64_t p = 0; p < k; ++p) {
      const auto factor = static_cast<Sum>(a.data[i * a.row + p * a.col]);
      const T* row = b.data + p * b.row;
      for (int64_t j = 0; j < n; ++j)
        sums[static_cast<size_t>(j)] += factor * static_cast<Sum>(row[j * b.col]);
    }
    fn(i, sums);
  }
}

/// A vector multiplies as a row (left) or column (right) whose axis then disappears, as in numpy.
template <typename Sizes, typename Size>
Sizes as_matrix(Sizes sizes, bool left, const Size& one) {
  if (sizes.size() == 1) sizes.insert(left ? sizes.begin() : sizes.end(), one);
  return sizes;
}

/// The dims of MatMul's result. Throws Error{kInvalidArgument} when a and b do not multiply.
Dims matmul_dims(const ValueType& a, const ValueType& b);

/// MatMul: calls fn(first element of the row in dst, m, sums) for every row of every product, m being the row
/// within its matrix.
template <typename T, typename Fn>
void for_each_matmul_row(const Shape& shape_a, const T* a, const Shape& shape_b, const T* b, Fn&& fn) {
  const auto x = as_matrix(shape_a.dims(), true, int64_t{1});
  const auto y = as_matrix(shape_b.dims(), false, int64_t{1});
  const int64_t m = x[x.size() - 2];
  const int64_t k = x.back();
  const int64_t n = y.back();
  const Shape batch_a(std::vector<int64_t>(x.begin(), x.end() - 2));
  const Shape batch_b(std::vector<int64_t>(y.begin(), y.end() - 2));
  for_each_broadcast(batch_a, batch_b, broadcast_shapes(batch_a, batch_b),
                     [&](size_t i, size_t j, size_t batch) {
                       const MatrixView<T> left = {a + static_cast<int64_t>(i) * m * k, k, 1};
                       const MatrixView<T> right = {b + static_cast<int64_t>(j) * k * n, n, 1};
                       for_each_product_row(left, right, m, n, k, [&](int64_t row, const auto& sums) {
                         fn((static_cast<int64_t>(batch) * m + row) * n, row, sums);
                       });
                     });
}

}  // namespace twofour::ops
