// Exact sums of products of u8 codes with the packed i8 codes of packed_code_product.h: what the files named
// by ISA provide.
#pragma once

#include <cstdint>

namespace twofour::cpu {

struct CodeSumsBlock {
  const uint8_t* a;  // row r begins at a + r * step and has 4 * groups codes
  int64_t step, rows;
  const int8_t* b;  // the first panel
  int64_t groups, panels;
};

/// sums[r * 16 * panels + column] for every row and column of the block.
void code_sums_avx512vnni(const CodeSumsBlock& block, int32_t* sums);
void code_sums_avx2(const CodeSumsBlock& block, int32_t* sums);

}  // namespace twofour::cpu
