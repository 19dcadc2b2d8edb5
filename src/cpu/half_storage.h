// HalfStorageTactic: runs a node whose tensors are f16 or bf16 (any mix with others) as its f32 twin.
// Half-precision inputs are widened into scratch memory, the inner tactic runs there, and half-precision
// outputs are rounded to nearest even. What is stored between layers stays 16 bits wide. Used only where the
// inner tactic declines the node.
#pragma once

#include "backend/tactic.h"

namespace twofour::cpu {

class HalfStorageTactic final : public backend::Tactic {
 public:
  /// `inner` must outlive this.
  explicit HalfStorageTactic(const backend::Tactic& inner)
      : Tactic("half_storage:" + inner.name()), inner_(inner) {}

  bool is_sparse() const override { return inner_.is_sparse(); }
  backend::Support supports(const backend::NodeDesc& node) const override;
  bool in_place(const backend::NodeDesc& node, size_t input, size_t output) const override;
  bool packs() const override { return inner_.packs(); }
  std::string packed_form(const backend::NodeDesc& node) const override;
  /// The inner tactic's, from widened constants.
  std::vector<Tensor> make_packed(const backend::NodeDesc& node) const override;
  std::unique_ptr<backend::Kernel> make(const backend::NodeDesc& node,
                                        std::span<const Tensor> packed) const override;

 private:
  const backend::Tactic& inner_;
};

}  // namespace twofour::cpu
