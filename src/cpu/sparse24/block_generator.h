// Generates the machine code of one block of a 2:4 matrix (AVX-512F, System V calling convention).
//
// The pattern lives in register numbers: the four X rows of a quad are loaded into zmm28..31, and row i
// of W adds kept0 * zmm(28 + idx0), then kept1 * zmm(28 + idx1), to its accumulator zmm(i), the value being
// an embedded broadcast from memory. All rows take their first kept value before any takes its second, so no
// two neighbouring FMAs depend on each other. Weights stand in front of the code that reads them, in the
// order of their use.
#pragma once

#include <xbyak/xbyak.h>

#include <cstdint>

#include "backend/sparse24_format.h"
#include "cpu/sparse24/block.h"

namespace twofour::cpu {

using BlockFn = void (*)(const BlockArgs*);

constexpr int64_t kMaxBlockColumns = 256;  // packed X rows that an 8-bit scaled displacement reaches

/// At least the bytes that generate_block emits.
int64_t block_bytes_bound(const BlockSpec& spec);

/// Appends the data and code of one block; returns its entry (callable once the memory is executable).
BlockFn generate_block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix,
                       const Epilogue& epilogue, const BlockSpec& spec);

}  // namespace twofour::cpu
