#include "cpu/sparse24/block_generator.h"

#include "cpu/sparse24/bf16_block.h"
#include "cpu/sparse24/code_block.h"
#include "cpu/sparse24/f32_block.h"

namespace twofour::cpu {

int64_t block_bytes_bound(const BlockSpec& spec) {
  const bool codes = spec.kind == ProductKind::kCodes;
  const bool pairs = spec.kind != ProductKind::kF32;
  const int64_t weights = spec.rows.size() * (spec.columns.size() + 1) / 2;
  // Value, product, blend, prefetches: eight bytes for each line of what a block has for each weight.
  const int64_t per_weight = 4 + 7 + (codes ? 6 : 0) + (codes ? 3 : 2) * spec.prefetch_blocks;
  const int64_t per_column = 10 + 8 + (pairs ? 26 : 0);  // load of an X row, prefetch, pairs
  constexpr int64_t kPerRow = 4 + 128;                   // constants, start and epilogue
  constexpr int64_t kFixed = 512;
  return weights * per_weight + spec.columns.size() * per_column + spec.rows.size() * kPerRow + kFixed;
}

BlockFn generate_block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix,
                       const Epilogue& epilogue, const BlockSpec& spec) {
  switch (spec.kind) {
    case ProductKind::kBf16: return Bf16Block(out, matrix, epilogue, spec).emit();
    case ProductKind::kCodes: return CodeBlock(out, matrix, epilogue, spec).emit();
    default: return F32Block(out, matrix, epilogue, spec).emit();
  }
}

}  // namespace twofour::cpu
