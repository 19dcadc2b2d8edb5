// The canonical packed form of a 2:4 weight matrix: in every block of four along K at most two values are
// non-zero. Kernels repack it to what their instructions want; nothing but this form is stored or exchanged.
//
// A block keeps two values in ascending position. Their positions idx0 < idx1 make one nibble, idx0 | idx1 <<
// 2, as NVIDIA's mma.sp::ordered_metadata has it: {0,1} 4, {0,2} 8, {0,3} C, {1,2} 9, {1,3} D, {2,3} E. No
// other is legal.
//
// Degenerate blocks (fewer than two non-zeros) still keep two positions: the non-zero one and the lowest
// other, or {0,1} when all four are zero; the surplus value is +0. A value counts as zero when it compares
// equal to 0 (so -0 does, NaN does not). Tools pick differently here, so compare decompressed matrices, never
// raw indices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace twofour::backend {

/// Bytes of the nibbles of one row of `k` columns.
constexpr int64_t sparse24_index_bytes(int64_t k) { return (k / 4 + 1) / 2; }

/// A packed matrix whose memory belongs to someone else: a Sparse24Matrix, or a mapped file.
struct Sparse24View {
  int64_t m = 0;                     // rows
  int64_t k = 0;                     // columns before compression; a multiple of four
  std::span<const float> values;     // [m, k/2], the kept values in order
  std::span<const uint8_t> indices;  // [m, ceil(k/8)], one nibble per block, even blocks in the low half

  int64_t blocks_per_row() const { return k / 4; }
  int nibble(int64_t row, int64_t block) const {
    const int byte = indices[static_cast<size_t>(row * sparse24_index_bytes(k) + block / 2)];
    return block % 2 ? byte >> 4 : byte & 15;
  }
  /// The two kept positions of a block, each in [0, 4), ascending.
  std::array<int, 2> positions(int64_t row, int64_t block) const {
    const int bits = nibble(row, block);
    return {bits & 3, bits >> 2};
  }
  std::array<float, 2> kept(int64_t row, int64_t block) const {
    const auto at = static_cast<size_t>(row * k / 2 + block * 2);
    return {values[at], values[at + 1]};
  }
};

/// A packed matrix with its memory; see Sparse24View.
struct Sparse24Matrix {
  int64_t m = 0;
  int64_t k = 0;
  std::vector<float> values;
  std::vector<uint8_t> indices;

  operator Sparse24View() const { return {m, k, values, indices}; }  // NOLINT: a view is all that most want
};

/// The first block, in row-major order, that holds more than two non-zeros.
struct Sparse24Violation {
  int64_t row = 0;
  int64_t block = 0;  // columns 4*block .. 4*block+3
  bool operator==(const Sparse24Violation&) const = default;
};

/// Compresses dense [m, k], row-major. Throws Error{kInvalidArgument} when k is no multiple of four or the
/// size of `dense` is not m*k.
std::variant<Sparse24Matrix, Sparse24Violation> compress24(std::span<const float> dense, int64_t m,
                                                           int64_t k);

/// Dense [m, k], row-major.
std::vector<float> decompress24(const Sparse24View& matrix);

/// Checks sizes and nibbles of a matrix that came from outside. Throws Error{kDataCorrupt} naming what is
/// wrong.
void verify(const Sparse24View& matrix);

}  // namespace twofour::backend
