#include "cpu/sparse24/f32_block.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace twofour::cpu {
namespace {

/// To prefetch: value, FMA, and for all weights loads of X, epilogue and the start of the block after it.
constexpr int64_t kFetchedBytes = 15;

}  // namespace

F32Block::F32Block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix, const Epilogue& epilogue,
                   const BlockSpec& spec)
    : BlockEmitter(out, epilogue, spec, spec.rows.size() * spec.columns.size() / 2, kFetchedBytes),
      matrix_(matrix) {}

/// For each quad the first kept value of every row, then the second. Rows are the outer loop because they are
/// what lies together in the matrix.
void F32Block::emit_weights() {
  uint8_t* code = data_at();
  const auto quads = static_cast<size_t>(spec_.columns.size() / 4);
  const auto rows = static_cast<size_t>(rows_);
  for (size_t row = 0; row < rows; ++row) {
    const auto m = static_cast<size_t>(spec_.rows.begin) + row;
    const auto first = m * static_cast<size_t>(matrix_.k / 2) + static_cast<size_t>(spec_.columns.begin / 2);
    const float* kept = &matrix_.values[first];
    for (size_t i = 0; i < quads * 2; ++i)
      std::memcpy(code + (i * rows + row) * sizeof(float), kept + i, sizeof(float));
  }
}

void F32Block::multiply_all(FastEmitter& fast) {
  for (int64_t quad = spec_.columns.begin / 4; quad < spec_.columns.end / 4; ++quad)
    multiply_quad(fast, quad);
}

/// All rows take their first kept value before any takes its second, so no two neighbouring FMAs depend on
/// each other.
void F32Block::multiply_quad(FastEmitter& fast, int64_t quad) {
  std::array<Product, 2 * max_block_rows(ProductKind::kF32)> products;
  int used = 0;
  for (int row = 0; row < rows_; ++row) {
    const auto kept = matrix_.positions(spec_.rows.begin + row, quad);
    for (int i = 0; i < 2; ++i)
      products[static_cast<size_t>(i * rows_ + row)] = {static_cast<uint8_t>(row),
                                                        static_cast<uint8_t>(kept[static_cast<size_t>(i)])};
    used |= 1 << kept[0] | 1 << kept[1];
  }
  for (int i = 0; i < 4; ++i)
    if (used >> i & 1) load_x(fast, i, quad * 4 + i);
  multiply(fast, std::span(products).first(static_cast<size_t>(2 * rows_)));
}

}  // namespace twofour::cpu
