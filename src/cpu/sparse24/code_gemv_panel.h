// One panel of code_gemv_format.h times few items: what the files named by ISA provide.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/sparse24/block.h"

namespace twofour::cpu {

/// Most items of a pass, whose sums stay in registers.
constexpr int kCodePassItems = 8;

/// Consecutive chunks of a panel times some items.
struct CodePass {
  const std::byte* weights;  // the first chunk
  int64_t chunks;
  const uint8_t* x;    // [steps][items][8], the codes that each step multiplies
  std::byte* indices;  // [steps][32][4], 64-byte aligned: where in the eight codes a value's partner stands
  int32_t* sums;       // [items][32], what the products are added to
  const std::byte* ahead;  // weights of a later pass, to be fetched meanwhile,
  int64_t ahead_lines;     // so many cache lines in each chunk
};
using CodePassFn = void (*)(const CodePass& pass);

/// Whether a pass decodes the positions for itself, or keeps the indices for other passes over the same
/// chunks, or is one of those.
enum class CodeIndices : uint8_t { kOnce, kKeep, kReuse };

/// `items` in [1, kCodePassItems].
CodePassFn code_pass_avx512vnni(CodeIndices indices, int items);

/// A panel's rows in results that lie `stride` elements apart from item to item.
struct CodeRows {
  const int32_t* starts;
  const float *scales, *biases;
  int64_t rows, items, stride;
};
/// dst = min(high, max(low, (start + sums) * scale + bias + residual)) for sums [items][32]; the residual may
/// be dst or null.
void write_values(const CodeRows& rows, const int32_t* sums, float low, float high, const float* residual,
                  float* dst);
/// The same in codes, see CodeResult.
void write_codes(const CodeRows& rows, const int32_t* sums, const CodeResult& result,
                 const std::byte* residual, std::byte* dst);

}  // namespace twofour::cpu
