// Generated blocks stay within the bytes that are mapped for them, which need not be executable meanwhile.
#include "cpu/sparse24/block_generator.h"

#include <gtest/gtest.h>

#include "cpu/generated_code.h"
#include "support/forbid_code.h"

namespace twofour::cpu {
namespace {

constexpr std::array kKinds = {ProductKind::kF32, ProductKind::kBf16, ProductKind::kCodes};

/// Of codes, every row of a block has another pair of nibbles in neighbouring blocks of four: none shares a
/// blend with another.
backend::Sparse24Matrix scattered(int64_t m, int64_t k) {
  constexpr std::array kNibbles = {0x4, 0xE, 0x8, 0xC, 0x9, 0xD};
  const int64_t row_bytes = backend::sparse24_index_bytes(k);
  backend::Sparse24Matrix matrix{m, k, {}, {}};
  matrix.values.assign(static_cast<size_t>(m * k / 2), 1);
  for (int64_t i = 0; i < m * row_bytes; ++i) {
    const auto row = static_cast<size_t>(i / row_bytes);
    // Registers of pairs, which are not the same ones.
    const size_t low = row / 5 % 6, high = (low + 1 + row % 5) % 6;
    constexpr std::array<size_t, 6> kHighNibble = {1, 0, 2, 4, 3, 5};
    matrix.indices.push_back(static_cast<uint8_t>(kNibbles[low] | kNibbles[kHighNibble[high]] << 4));
  }
  return matrix;
}

/// Everything that an epilogue of a block may have.
Epilogue full_epilogue(int64_t m, ProductKind kind) {
  const auto rows = static_cast<size_t>(m);
  Epilogue epilogue{
      .bf16_result = kind == ProductKind::kBf16, .bias = std::vector<float>(rows, 1), .residual = true};
  if (kind == ProductKind::kCodes) {
    epilogue.codes = {std::vector<int32_t>(rows, 1), std::vector<float>(rows, 1)};
    epilogue.result = CodeResult{.residual_signed = true};
  } else {
    epilogue.activation = Activation::kClip;
  }
  return epilogue;
}

void expect_within_bound(const BlockSpec& spec) {
  const int64_t m = spec.rows.end, k = spec.columns.end * lane_values(spec.kind);
  const backend::Sparse24Matrix matrix = scattered(m, k);
  constexpr size_t kPlenty = size_t{1} << 20;
  Xbyak::CodeGenerator out(kPlenty, Xbyak::DontSetProtectRWE);
  generate_block(out, matrix, full_epilogue(m, spec.kind), spec);
  EXPECT_LE(static_cast<int64_t>(out.getSize()), block_bytes_bound(spec))
      << lane_values(spec.kind) << " values a lane, " << m << "x" << k << ", prefetch "
      << spec.prefetch_blocks << " blocks, " << spec.tile_panels << " panels";
}

TEST(BlockGenerator, StaysWithinItsBound) {
  for (const ProductKind kind : kKinds)
    for (const int64_t rows : {int64_t{4}, max_block_rows(kind)})
      for (const int64_t columns : {int64_t{4}, int64_t{64}, kMaxBlockColumns}) {
        std::vector<int64_t> offsets;  // beyond short displacements
        for (int64_t i = 0; i < columns; ++i) offsets.push_back(i * 1000 + 4);
        for (const int64_t prefetched : {0, 1, 2, 4})
          for (const int64_t panels : {1, 26})
            expect_within_bound({.kind = kind,
                                 .rows = {0, rows},
                                 .columns = {0, columns},
                                 .first = true,
                                 .last = true,
                                 .row_offsets = &offsets,
                                 .x_ahead = kind == ProductKind::kF32 ? 128 : 0,
                                 .tile_panels = panels,
                                 .prefetch_blocks = prefetched});
      }
}

TEST(BlockGenerator, NeedsNoExecutableMemory) {
  if (generated_code_ok()) return twofour::testing::run_again_without_code();
  for (const ProductKind kind : kKinds)
    expect_within_bound({.kind = kind, .rows = {0, 4}, .columns = {0, 4}, .first = true, .last = true});
}

}  // namespace
}  // namespace twofour::cpu
