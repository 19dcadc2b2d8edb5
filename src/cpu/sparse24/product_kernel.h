// The kernel of every tactic whose product is a Sparse24Conv2d.
#pragma once

#include "base/parallel.h"
#include "cpu/sparse24/conv2d.h"
#include "cpu/sparse24/tactic_support.h"

namespace twofour::cpu {

class ProductKernel final : public Kernel {
 public:
  /// Takes what create() made, which must have made it. `residual`: the node's input, whether or not it is
  /// there.
  ProductKernel(Sparse24Created<Sparse24Conv2d> created, const NodeDesc& node, size_t residual);

  size_t scratch_bytes() const override { return product_->scratch_bytes(threads_); }
  std::vector<std::span<const std::byte>> own_constants() const override { return {product_->code()}; }
  void run(const KernelArgs& args) const override;

 private:
  std::unique_ptr<Sparse24Conv2d> product_;
  std::optional<LateActivation> late_;  // of f32
  size_t residual_;
  int threads_;
};

}  // namespace twofour::cpu
