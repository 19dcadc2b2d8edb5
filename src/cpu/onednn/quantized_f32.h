// QuantizedConv and QuantizedMatMul on the values of their codes, for CPUs without VNNI and for what the
// library cannot do on codes. Whole numbers below 2^24 are exact in f32, and so are such sums; larger ones
// round.
#pragma once

#include "cpu/onednn/quantized_product.h"

namespace twofour::cpu::onednn {

class QuantizedF32 : public OpTactic {
 public:
  bool packs() const override { return true; }
  std::string packed_form(const NodeDesc& node) const override;
  std::vector<Tensor> make_packed(const NodeDesc& node) const override;
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override;
  bool in_place(const NodeDesc& node, size_t input, size_t output) const override;

 protected:
  /// `op` outlives this.
  QuantizedF32(std::string name, const QuantizedOp& op) : OpTactic(std::move(name), {op.name}), op_(op) {}
  Support accepts(const NodeDesc& node) const override;

 private:
  const QuantizedOp& op_;
};

}  // namespace twofour::cpu::onednn
