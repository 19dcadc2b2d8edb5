// QuantizedConv and QuantizedMatMul on their codes, with VNNI. A residual of the size of the result's
// elements is summed up in place. Convolutions run channels last; other orders are converted in scratch
// memory, as are weights that are not constant.
#pragma once

#include "cpu/onednn/quantized_product.h"

namespace twofour::cpu::onednn {

class QuantizedInt8 : public QuantizedTactic {
 public:
  std::string packed_form(const NodeDesc& node) const override;
  std::vector<Tensor> make_packed(const NodeDesc& node) const override;
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override;

 protected:
  using QuantizedTactic::QuantizedTactic;
  Support accepts(const NodeDesc& node) const override;
};

}  // namespace twofour::cpu::onednn
