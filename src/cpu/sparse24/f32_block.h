// The code of a block that multiplies f32; see block_generator.h.
#pragma once

#include "cpu/sparse24/block_emitter.h"

namespace twofour::cpu {

class F32Block final : public BlockEmitter {
 public:
  F32Block(Xbyak::CodeGenerator& out, const backend::Sparse24View& matrix, const Epilogue& epilogue,
           const BlockSpec& spec);

 private:
  void emit_weights() override;
  void multiply_all(FastEmitter& fast) override;
  void multiply_quad(FastEmitter& fast, int64_t quad);

  const backend::Sparse24View& matrix_;
};

}  // namespace twofour::cpu
