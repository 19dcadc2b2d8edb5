// The code of a block that multiplies bf16; see block_generator.h.
//
// A step takes two X rows, with x0 x1 and x2 x3 of each column. Six registers hold the pairs that a block of
// four can keep:
//   zmm26 x0 x1   zmm27 x2 x3   zmm28 x0 x2   zmm29 x0 x3   zmm30 x2 x1   zmm31 x3 x1
// Weights are stored in the order of their pair.
#pragma once

#include <vector>

#include "cpu/sparse24/block_emitter.h"

namespace twofour::cpu {

class Bf16Block final : public BlockEmitter {
 public:
  Bf16Block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix, const Epilogue& epilogue,
            const BlockSpec& spec);

 private:
  void emit_weights() override;
  std::vector<float> finish_constants() const override;
  void prepare() override;
  void multiply_all(FastEmitter& fast) override;
  void finish_panel() override;
  void make_pairs(FastEmitter& fast, int64_t x_row);
  void add_residual(int first_row);

  const backend::Sparse24View& matrix_;
};

}  // namespace twofour::cpu
