// The last tactic of every CPU backend: any op through its plain C++ reference. Slow, always right.
#pragma once

#include "backend/tactic.h"

namespace twofour::backend {

class ReferenceTactic final : public Tactic {
 public:
  ReferenceTactic() : Tactic("reference") {}
  /// Any known op with every tensor in plain format.
  Support supports(const NodeDesc& node) const override;

 protected:
  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor> packed) const override;
};

/// A backend with nothing but the reference: the oracle of tests and of `twofour compare`.
class ReferenceBackend final : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::string device() const override { return "any CPU"; }
  std::span<const Tactic* const> tactics() const override { return tactics_; }
  Support native_half(DType dtype) const override;

 private:
  ReferenceTactic tactic_;
  std::vector<const Tactic*> tactics_{&tactic_};
};

}  // namespace twofour::backend
