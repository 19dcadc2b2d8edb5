// Generates the machine code of one block of a 2:4 matrix (AVX-512, System V calling convention).
//
// The pattern lies in register numbers: a kept weight, an embedded broadcast from memory, meets the register
// that holds its X. Weights stand in front of the code that reads them, in the order of their use.
//   f32 (f32_block.cpp): the four X rows of a quad are loaded into zmm28..31, and row i of W adds
//     kept0 * zmm(28 + idx0), then kept1 * zmm(28 + idx1), to its accumulator zmm(i).
//   bf16 (bf16_block.cpp; needs AVX512-BF16): an X row holds two values of each column. Of two X rows six
//     registers get the pairs that a block of four can keep: one vdpbf16ps does four columns of W.
//   codes (code_block.cpp; needs VNNI and VBMI2): an X row holds four codes of each column. Of two X rows
//     six registers get the pairs that blocks of four can keep: one vpdpbusd does eight columns of W.
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
