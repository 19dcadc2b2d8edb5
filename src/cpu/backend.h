// The CPU as a device: the tactics of tactics.inc, then each of them through f32 copies of half-precision
// tensors, then the reference.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/tactic.h"

namespace twofour::cpu {

class CpuBackend final : public backend::Backend {
 public:
  CpuBackend();

  std::string_view name() const override { return "cpu"; }
  /// CPU model and instruction set level: "AMD EPYC family 26 model 2, avx512".
  std::string device() const override;
  std::span<const backend::Tactic* const> tactics() const override { return tactics_; }
  backend::Support native_half(DType dtype) const override;

 private:
  const backend::Tactic* add(std::unique_ptr<backend::Tactic> tactic);

  std::vector<std::unique_ptr<backend::Tactic>> owned_;
  std::vector<const backend::Tactic*> tactics_;
};

}  // namespace twofour::cpu
