// Matrix products with a packed right side: for those that are too small or too narrow for a call of the
// library, above all one row at a time.
//
// B [k,n] lies in panels of 16 columns, k rows each, the last one filled up with zeros.
#pragma once

#include <cstdint>

#include "base/align.h"

namespace twofour::cpu {

inline constexpr int64_t kProductPanel = 16;

/// Columns that whole panels have.
inline int64_t panel_columns(int64_t n) { return ceil_div(n, kProductPanel) * kProductPanel; }
inline int64_t packed_product_floats(int64_t k, int64_t n) { return k * panel_columns(n); }

/// B given as at(row, column).
template <typename At>
void pack_product(int64_t k, int64_t n, float* packed, const At& at) {
  for (int64_t first = 0; first < n; first += kProductPanel)
    for (int64_t i = 0; i < k; ++i)
      for (int64_t j = first; j < first + kProductPanel; ++j) *packed++ = j < n ? at(i, j) : 0.0F;
}

/// A row-major matrix with `step` elements from row to row.
struct ProductRows {
  const float* data;
  int64_t step;
  int64_t rows;
};

/// dst += A B, columns of panels [first, last) alone. Rows of dst are `dst_step` apart and hold whole panels.
void add_packed_product(const ProductRows& a, const float* packed, int64_t k, int64_t first, int64_t last,
                        float* dst, int64_t dst_step);
/// The same for all of `columns`, whole panels, in parallel.
void add_packed_product(const ProductRows& a, const float* packed, int64_t k, int64_t columns, float* dst,
                        int64_t dst_step);

}  // namespace twofour::cpu
