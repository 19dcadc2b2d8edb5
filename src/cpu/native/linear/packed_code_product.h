// Matrix products of 8-bit codes with a packed right side: exact sums in 32 bits, then f32. As
// packed_product.h, for few rows or narrow matrices.
//
// B [k,n] of i8 codes lies in panels of 16 columns, each of which has the codes of four rows of k together,
// column after column; what is missing from whole panels and fours is zeros. Then follow the sums of the
// columns' codes (i32).
#pragma once

#include "cpu/native/linear/packed_product.h"
#include "ops/quantisation/quantize.h"

namespace twofour::cpu {

/// Codes that a row of A has in memory, of which k count.
inline int64_t code_row_bytes(int64_t k) { return ceil_div(k, 4) * 4; }
inline int64_t code_panel_bytes(int64_t k, int64_t n) { return code_row_bytes(k) * panel_columns(n); }
inline int64_t packed_code_bytes(int64_t k, int64_t n) {
  return code_panel_bytes(k, n) + panel_columns(n) * static_cast<int64_t>(sizeof(int32_t));
}

/// B given as at(row, column).
template <typename At>
void pack_code_product(int64_t k, int64_t n, std::byte* packed, const At& at) {
  auto* code = reinterpret_cast<int8_t*>(packed);
  auto* sums = reinterpret_cast<int32_t*>(packed + code_panel_bytes(k, n));
  std::fill_n(sums, panel_columns(n), 0);
  for (int64_t first = 0; first < n; first += kProductPanel)
    for (int64_t group = 0; group < code_row_bytes(k); group += 4)
      for (int64_t j = first; j < first + kProductPanel; ++j)
        for (int64_t i = group; i < group + 4; ++i) {
          *code = i < k && j < n ? at(i, j) : int8_t{0};
          sums[j] += *code++;
        }
}

/// What a row of A stands for: (code - zero_point) * scale.
struct CodeRow {
  float scale;
  int32_t zero_point;
  int32_t sum;  // of code - zero_point
};

/// Writes the codes of n values.
CodeRow quantize_row(const float* src, int64_t n, const ops::ByteCodes& codes, uint8_t* dst);

/// Rows of A, `step` apart: row r has its codes at codes + r * step * code_row_bytes(k), and is described by
/// described[r * step].
struct QuantizedRows {
  const uint8_t* codes;
  const CodeRow* described;
  int64_t step, count;
};

/// Columns of B, whole panels, which stand for (code - zero_point) * scale.
struct CodeColumns {
  const int8_t* panels;
  const int32_t* sums;
  const float* scale;
  const int32_t* zero_point;
  int64_t k, count;

  CodeColumns(int64_t terms, int64_t columns, const std::byte* packed, const float* scales,
              const int32_t* zero_points)
      : panels(reinterpret_cast<const int8_t*>(packed)),
        sums(reinterpret_cast<const int32_t*>(packed + code_panel_bytes(terms, columns))),
        scale(scales),
        zero_point(zero_points),
        k(terms),
        count(columns) {}
  /// Of these, whole panels too.
  CodeColumns part(int64_t first, int64_t last) const {
    CodeColumns columns = *this;
    columns.panels += first * code_row_bytes(k);
    columns.sums += first;
    columns.scale += first;
    columns.zero_point += first;
    columns.count = last - first;
    return columns;
  }
};

/// dst += A B, in parallel. Rows of dst are `dst_step` apart and hold whole panels.
void add_packed_code_product(const QuantizedRows& a, const CodeColumns& b, float* dst, int64_t dst_step);

}  // namespace twofour::cpu
