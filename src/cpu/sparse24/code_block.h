// The code of a block that multiplies 8-bit codes; see block_generator.h.
//
// A step takes two X rows, a (four codes a0..a3 of each column) and b. Of the six pairs that a block of four
// can keep, each register holds one of a in its low words and one of b in its high ones:
//   zmm25 a01 b23   zmm26 a23 b01   zmm27 a02 b20   zmm28 a03 b21   zmm29 a21 b03   zmm30 a31 b13
// (b20: first b2, then b0; weights are stored in that order). A row whose two pairs share a register
// multiplies it; for the others vpblendmw puts a's and b's words together in zmm31. Rows are visited in the
// order of their pairs, so that one blend serves all rows that have the same two.
#pragma once

#include <array>

#include "cpu/sparse24/block_emitter.h"

namespace twofour::cpu {

class CodeBlock final : public BlockEmitter {
 public:
  CodeBlock(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix, const Epilogue& epilogue,
            const BlockSpec& spec);

 private:
  /// One row in one step.
  struct Step {
    uint8_t row;
    uint8_t low, high;  // registers of the pairs, from zmm25 on
    std::array<int8_t, 4> weights;
  };

  void emit_weights() override;
  std::vector<uint32_t> starts() const override;
  std::vector<float> finish_constants() const override;
  void prepare() override;
  void multiply_all(FastEmitter& fast) override;
  void finish_sums(const Xbyak::Reg64& constants) override;
  void finish_panel() override;
  void add_residual(int first_row);
  void pack_four(int first_row);

  /// The rows of a pair of X rows, the first of which is `a`, in the order in which they are visited.
  std::vector<Step> steps_of(int64_t a) const;
  void make_pairs(FastEmitter& fast, int64_t a);

  const backend::Sparse24View& matrix_;
  std::vector<std::vector<Step>> steps_;  // of every pair of X rows
};

}  // namespace twofour::cpu
