// One oneDNN matrix product with its epilogue; what the Gemm and MatMul tactics share.
#pragma once

#include "cpu/onednn/activation.h"

namespace twofour::cpu::onednn {

/// Sizes [batch..., rows, columns] of a product with numpy's broadcasting; ranks are equal, and sizes of 1
/// broadcast. When b is one matrix, all rows of a make one product.
struct MatmulSizes {
  memory::dims a, b, dst;
};
MatmulSizes matmul_sizes(const Shape& a, const Shape& b);

/// dst = activation(alpha * a * b + bias + (add_to_dst ? dst : 0)) over matrices with equal batch ranks;
/// batch sizes of 1 broadcast.
struct MatmulProblem {
  memory::desc a, b, dst;  // as they lie outside
  memory::desc bias;       // one value per column, or zero
  float alpha = 1;
  bool add_to_dst = false;
  ops::Activation activation;
  bool pack_b = false;  // b is constant and may lie in any order
  bool is_inner_product = false;

  /// The same by the library's inner product, for two matrices; b then has its columns first.
  MatmulProblem as_inner_product() const;
  dnnl::primitive_desc make() const;

 private:
  dnnl::primitive_desc with(const memory::desc& weights, const dnnl::primitive_attr& attr) const;
};

class MatmulKernel {
 public:
  MatmulKernel(const MatmulProblem& problem, ScratchLayout& layout);
  size_t b_bytes() const { return bytes_of(b_); }
  /// Inputs 0, 1 and 2 of the node are a, b and what is added. To be called once before run().
  void guard(const NodeDesc& node, const PackedInputs& inputs);
  /// `b` is packed when the problem said so.
  void run(const PackedInputs& inputs, const KernelArgs& args) const;

 private:
  memory::desc a_, b_, bias_, dst_;
  ActivatedPrimitive matmul_;
  OverflowGuard guard_;
};

/// What the tactics of a product of a node's first two inputs share.
class ProductTactic : public OpTactic {
 public:
  /// The library's primitive.
  enum class Way : uint8_t { kMatmul, kInnerProduct };

  bool packs() const override { return true; }
  std::string packed_form(const NodeDesc& node) const override;
  std::vector<Tensor> make_packed(const NodeDesc& node) const override;

 protected:
  /// `matmul` gives the problem of a node as a matmul.
  ProductTactic(std::string name, std::vector<std::string_view> ops, MatmulProblem (*matmul)(const NodeDesc&),
                Way way)
      : OpTactic(std::move(name), std::move(ops)), matmul_(matmul), way_(way) {}

  MatmulProblem problem_of(const NodeDesc& node) const;
  /// That the library has the primitive; an inner product takes rows of a and one constant matrix.
  Support way_ok(const NodeDesc& node) const;

 private:
  MatmulProblem (*matmul_)(const NodeDesc&);
  Way way_;
};

}  // namespace twofour::cpu::onednn
