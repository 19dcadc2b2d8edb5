#include "cpu/native/movement/strided_copy.h"

#include "base/align.h"
#include "base/cpu.h"
#include "cpu/native/movement/transpose_tile.h"

namespace twofour::cpu {
namespace {

/// Below this, a step between runs costs more than what a run copies: the next loop goes inside.
constexpr int64_t kShortRun = 8;
/// Columns that a thread takes at once, all row tiles of them: what makes a cache line of dst is one
/// thread's.
constexpr int64_t kColumns = 256;

/// dst[j * dst_step + i] = src[i * src_step + j] for i < rows, j < columns.
template <typename T>
void transpose_tile(const T* src, int64_t src_step, T* dst, int64_t dst_step, int64_t rows, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t i = 0; i < rows; ++i) dst[j * dst_step + i] = src[i * src_step + j];
}

/// The same in registers, for tiles up to kTile x kTile. False: there is no such way for the type and the
/// CPU.
template <typename T>
bool transpose_in_registers(const T* src, int64_t src_step, T* dst, int64_t dst_step, int64_t rows,
                            int64_t columns) {
  if constexpr (sizeof(T) == 1 || sizeof(T) == 4)
    if (max_isa() >= Isa::kAvx512) {
      transpose_tile_avx512(src, src_step, dst, dst_step, rows, columns);
      return true;
    }
  if constexpr (sizeof(T) == 1)
    if (rows == kTile && columns == kTile) {
      transpose_tile_sse2(src, src_step, dst, dst_step);
      return true;
    }
  return false;
}

}  // namespace

StridedCopy::StridedCopy(const Shape& extent, const Place& dst, const Place& src, size_t element_bytes)
    : nest_(LoopNest<2>::make(extent, {dst.strides, src.strides})),
      offset_{dst.offset, src.offset},
      empty_(extent.numel() == 0),
      element_bytes_(element_bytes) {
  const auto& inner = nest_.inner_strides();
  for (size_t i = 0; i + 1 < nest_.dims.size(); ++i)
    if (nest_.strides[i][1] == 1 && inner[0] == 1 && inner[1] > 1 && nest_.dims[i] >= 4) {
      row_ = i;
      transposes_ = true;
    }
  if (const size_t last = nest_.dims.size() - 1;
      !transposes_ && last > 0 && nest_.dims[last] < kShortRun && nest_.dims[last] < nest_.dims[last - 1]) {
    std::swap(nest_.dims[last], nest_.dims[last - 1]);
    std::swap(nest_.strides[last], nest_.strides[last - 1]);
  }
}

template <typename T>
void StridedCopy::copy_runs(const T* src, T* dst) const {
  const int64_t to = nest_.inner_strides()[0];
  const int64_t from = nest_.inner_strides()[1];
  nest_.for_each_run(1 << 16, [&](int64_t n, const std::array<int64_t, 2>& at) {
    T* d = dst + at[0];
    const T* s = src + at[1];
    if (to == 1 && from == 1) std::copy_n(s, n, d);
    else if (to == 1 && from == 0) std::fill_n(d, n, *s);
    else
      for (int64_t i = 0; i < n; ++i) d[i * to] = s[i * from];
  });
}

// Tiles over the loop that is contiguous in dst and the one that is contiguous in src; the others run
// outside.
template <typename T>
void StridedCopy::transpose(const T* src, T* dst) const {
  const size_t inner = nest_.dims.size() - 1;
  const int64_t columns = nest_.dims[row_];  // contiguous in src
  const int64_t rows = nest_.dims[inner];    // contiguous in dst
  const int64_t dst_step = nest_.strides[row_][0];
  const int64_t src_step = nest_.strides[inner][1];
  const int64_t row_tiles = ceil_div(rows, kTile), column_blocks = ceil_div(columns, kColumns);
  int64_t units = row_tiles * column_blocks;
  for (size_t i = 0; i < inner; ++i)
    if (i != row_) units *= nest_.dims[i];
  const int64_t grain = 512 / std::min(columns, kColumns);
  parallel_ranges(units, grain, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first = unit % row_tiles * kTile;
      const T* from = src + first * src_step;
      T* to = dst + first;
      const int64_t begin_column = unit / row_tiles % column_blocks * kColumns;
      const int64_t end_column = std::min(columns, begin_column + kColumns);
      int64_t rest = unit / (row_tiles * column_blocks);
      for (size_t i = inner; i-- > 0;) {
        if (i == row_) continue;
        from += rest % nest_.dims[i] * nest_.strides[i][1];
        to += rest % nest_.dims[i] * nest_.strides[i][0];
        rest /= nest_.dims[i];
      }
      const int64_t tile_rows = std::min(kTile, rows - first);
      for (int64_t column = begin_column; column < end_column; column += kTile) {
        const int64_t tile_columns = std::min(kTile, end_column - column);
        if (!transpose_in_registers(from + column, src_step, to + column * dst_step, dst_step, tile_rows,
                                    tile_columns))
          transpose_tile(from + column, src_step, to + column * dst_step, dst_step, tile_rows, tile_columns);
      }
    }
  });
}

template <typename T>
void StridedCopy::run_as(const std::byte* src, std::byte* dst) const {
  const T* from = reinterpret_cast<const T*>(src) + offset_[1];
  T* to = reinterpret_cast<T*>(dst) + offset_[0];
  if (transposes_) transpose(from, to);
  else copy_runs(from, to);
}

void StridedCopy::run(const std::byte* src, std::byte* dst) const {
  if (empty_) return;
  dispatch_size(element_bytes_, [&]<typename T>(T) { run_as<T>(src, dst); });
}

}  // namespace twofour::cpu
