// QuantizedConv and QuantizedMatMul on the values of their codes, for CPUs without VNNI and for what the
// library cannot do on codes. Whole numbers below 2^24 are exact in f32, and so are such sums; larger ones
// round.
#pragma once

#include "cpu/onednn/quantized_product.h"

namespace twofour::cpu::onednn {

class QuantizedF32 : public QuantizedTactic {
 public:
  std::string packed_form(const NodeDesc& node) const override;
  std::vector<Tensor> make_packed(const NodeDesc& node) const override;
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override;

 protected:
  using QuantizedTactic::QuantizedTactic;
  Support accepts(const NodeDesc& node) const override;
};

}  // namespace twofour::cpu::onednn
