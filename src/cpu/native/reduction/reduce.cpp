#include "cpu/native/reduction/reduce.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/parallel.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kColumns = 256;  // of inner, summed together
constexpr int64_t kPieceElements = 16384;

template <Term kTerm, typename T>
inline double term_of(T v) {
  const auto wide = static_cast<double>(v);
  if constexpr (kTerm == Term::kSquare) return wide * wide;
  if constexpr (kTerm == Term::kMagnitude) return std::abs(wide);
  return wide;
}

/// The sum of n neighbours in eight interleaved partial sums, whatever the vector length.
template <Term kTerm, typename T>
double sum_row(const T* src, int64_t n) {
  constexpr int64_t kLanes = 32;
  double total = 0;
  run_simd([&]() TWOFOUR_INLINE {
    double lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
#pragma omp simd
      for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term_of<kTerm>(src[i + lane]);
    for (int64_t lane = 0; lane < kLanes; ++lane) total += lanes[lane];
    for (; i < n; ++i) total += term_of<kTerm>(src[i]);
  });
  return total;
}

/// dst[j] = the sum over `rows` rows of src[row * stride + j] for j < columns <= kColumns.
template <Term kTerm, typename T>
void sum_columns(const T* src, int64_t rows, int64_t stride, int64_t columns, double* dst) {
  run_simd([=]() TWOFOUR_INLINE {
    double sums[kColumns] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const T* line = src + row * stride;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) sums[j] += term_of<kTerm>(line[j]);
    }
    for (int64_t j = 0; j < columns; ++j) dst[j] = sums[j];
  });
}

}  // namespace

SumOverAxis::SumOverAxis(int64_t outer, int64_t size, int64_t inner)
    : outer_(outer), size_(size), inner_(inner) {
  column_blocks_ = (inner + kColumns - 1) / kColumns;
  const int64_t width = std::min(inner, kColumns);
  const int64_t rows = std::max<int64_t>(1, kPieceElements / std::max<int64_t>(width, 1));
  // With enough independent sums there is no need to cut.
  pieces_ = outer * column_blocks_ >= 64 ? 1 : std::max<int64_t>(1, size / rows);
}

size_t SumOverAxis::scratch_bytes() const {
  return pieces_ == 1 ? 0 : static_cast<size_t>(outer_ * pieces_ * inner_) * sizeof(double);
}

template <typename T>
void SumOverAxis::run(const T* src, double* dst, std::byte* scratch, Term term) const {
  double* partial = pieces_ == 1 ? dst : reinterpret_cast<double*>(scratch);
  const int64_t units = outer_ * pieces_ * column_blocks_;
  const int64_t unit_elements = outer_ * size_ * inner_ / std::max<int64_t>(units, 1);
  parallel_ranges(units, 8192 / std::max<int64_t>(unit_elements, 1), [&](int64_t first, int64_t last) {
    for (int64_t unit = first; unit < last; ++unit) {
      const int64_t column = unit % column_blocks_ * kColumns;
      const int64_t piece = unit / column_blocks_ % pieces_;
      const int64_t o = unit / column_blocks_ / pieces_;
      const int64_t begin = size_ * piece / pieces_;
      const int64_t rows = size_ * (piece + 1) / pieces_ - begin;
      const T* from = src + (o * size_ + begin) * inner_ + column;
      double* to = partial + (o * pieces_ + piece) * inner_ + column;
      const int64_t columns = std::min(kColumns, inner_ - column);
      const auto sum = [&]<Term kTerm>(std::integral_constant<Term, kTerm>) {
        if (inner_ == 1) *to = sum_row<kTerm>(from, rows);
        else sum_columns<kTerm>(from, rows, inner_, columns, to);
      };
      switch (term) {
        case Term::kValue: sum(std::integral_constant<Term, Term::kValue>()); break;
        case Term::kSquare: sum(std::integral_constant<Term, Term::kSquare>()); break;
        case Term::kMagnitude: sum(std::integral_constant<Term, Term::kMagnitude>()); break;
      }
    }
  });
  if (pieces_ == 1) return;
  for (int64_t o = 0; o < outer_; ++o)
    for (int64_t column = 0; column < inner_; column += kColumns)
      sum_columns<Term::kValue>(partial + o * pieces_ * inner_ + column, pieces_, inner_,
                                std::min(kColumns, inner_ - column), dst + o * inner_ + column);
}

template void SumOverAxis::run(const float*, double*, std::byte*, Term) const;
template void SumOverAxis::run(const double*, double*, std::byte*, Term) const;

}  // namespace twofour::cpu
