#include "backend/sparse24_format.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace twofour::backend {
namespace {

/// The two positions that a block keeps, or nothing when it has more than two non-zeros.
std::optional<std::array<int, 2>> kept_positions(const float* block) {
  std::array<int, 2> kept{};
  int count = 0;
  for (int i = 0; i < 4; ++i) {
    if (block[i] == 0.0F) continue;
    if (count == 2) return std::nullopt;
    kept[static_cast<size_t>(count++)] = i;
  }
  if (count == 0) return std::array<int, 2>{0, 1};
  if (count == 1) return kept[0] == 0 ? std::array<int, 2>{0, 1} : std::array<int, 2>{0, kept[0]};
  return kept;
}

constexpr bool legal(int nibble) { return (nibble & 3) < (nibble >> 2); }

/// Whether both nibbles of a byte are legal.
constexpr auto kLegalByte = [] {
  std::array<bool, 256> table{};
  for (int byte = 0; byte < 256; ++byte)
    table[static_cast<size_t>(byte)] = legal(byte & 15) && legal(byte >> 4);
  return table;
}();

/// Quick yes; false also where rows end in half a byte that means nothing.
bool every_byte_legal(const Sparse24View& matrix) {
  return std::ranges::all_of(matrix.indices, [](uint8_t byte) { return kLegalByte[byte]; });
}

float canonical(float value) { return value == 0.0F ? 0.0F : value; }

}  // namespace

std::variant<Sparse24Matrix, Sparse24Violation> compress24(std::span<const float> dense, int64_t m,
                                                           int64_t k) {
  TWOFOUR_CHECK(m >= 0 && k >= 0 && k % 4 == 0, kInvalidArgument,
                "[compress24] matrix is {}x{}; 2:4 needs a number of columns that is a multiple of four", m,
                k);
  TWOFOUR_CHECK(dense.size() == static_cast<size_t>(m) * static_cast<size_t>(k), kInvalidArgument,
                "[compress24] {}x{} needs {} values, got {}", m, k, m * k, dense.size());
  Sparse24Matrix result{.m = m, .k = k, .values = {}, .indices = {}};
  result.values.reserve(dense.size() / 2);
  const int64_t row_bytes = sparse24_index_bytes(k);
  result.indices.resize(static_cast<size_t>(m * row_bytes));
  for (int64_t row = 0; row < m; ++row) {
    for (int64_t block = 0; block < k / 4; ++block) {
      const float* src = &dense[static_cast<size_t>(row * k + block * 4)];
      const auto kept = kept_positions(src);
      if (!kept) return Sparse24Violation{row, block};
      const auto [i0, i1] = *kept;
      result.values.push_back(canonical(src[i0]));
      result.values.push_back(canonical(src[i1]));
      auto& byte = result.indices[static_cast<size_t>(row * row_bytes + block / 2)];
      byte = static_cast<uint8_t>(byte | (i0 | i1 << 2) << (block % 2 * 4));
    }
  }
  return result;
}

std::vector<float> decompress24(const Sparse24View& matrix) {
  std::vector<float> dense(static_cast<size_t>(matrix.m * matrix.k));
  for (int64_t row = 0; row < matrix.m; ++row) {
    for (int64_t block = 0; block < matrix.blocks_per_row(); ++block) {
      const auto positions = matrix.positions(row, block);
      const auto kept = matrix.kept(row, block);
      for (size_t i = 0; i < 2; ++i)
        dense[static_cast<size_t>(row * matrix.k + block * 4 + positions[i])] = kept[i];
    }
  }
  return dense;
}

void verify(const Sparse24View& matrix) {
  TWOFOUR_CHECK(matrix.m >= 0 && matrix.k >= 0 && matrix.k % 4 == 0, kDataCorrupt,
                "[sparse24] matrix is {}x{}; expected a number of columns that is a multiple of four",
                matrix.m, matrix.k);
  const auto rows = static_cast<size_t>(matrix.m);
  const size_t values = rows * static_cast<size_t>(matrix.k / 2);
  const size_t bytes = rows * static_cast<size_t>(sparse24_index_bytes(matrix.k));
  TWOFOUR_CHECK(matrix.values.size() == values && matrix.indices.size() == bytes, kDataCorrupt,
                "[sparse24] a {}x{} matrix has {} values and {} index bytes, expected {} and {}", matrix.m,
                matrix.k, matrix.values.size(), matrix.indices.size(), values, bytes);
  if (every_byte_legal(matrix)) return;
  for (int64_t row = 0; row < matrix.m; ++row)
    for (int64_t block = 0; block < matrix.blocks_per_row(); ++block)
      TWOFOUR_CHECK(legal(matrix.nibble(row, block)), kDataCorrupt,
                    "[sparse24] row {} block {} has index nibble {:X}, expected one of 4 8 9 C D E", row,
                    block, matrix.nibble(row, block));
}

}  // namespace twofour::backend
