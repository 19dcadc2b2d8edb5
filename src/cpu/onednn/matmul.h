// One oneDNN matrix product with its epilogue; what the Gemm and MatMul tactics share.
#pragma once

#include "cpu/onednn/primitive.h"

namespace twofour::cpu::onednn {

/// dst = activation(alpha * a * b + bias + (add_to_dst ? dst : 0)) over matrices with equal batch ranks;
/// batch sizes of 1 broadcast.
struct MatmulProblem {
  memory::desc a, b, dst;  // as they lie outside
  memory::desc bias;       // one value per column, or zero
  float alpha = 1;
  bool add_to_dst = false;
  dnnl::post_ops activation;
  bool pack_b = false;  // b is constant and may lie in any order

  dnnl::matmul::primitive_desc make() const;
};

class MatmulKernel {
 public:
  MatmulKernel(const MatmulProblem& problem, ScratchLayout& layout);
  size_t b_bytes() const { return bytes_of(b_); }
  /// `b` is packed when the problem said so. `bias` may be null.
  void run(const void* a, const void* b, const void* bias, void* dst, std::byte* scratch) const;

 private:
  memory::desc a_, b_, bias_, dst_;
  Primitive matmul_;
};

}  // namespace twofour::cpu::onednn
