// The last step of a product whose result is bf16: residual, activation, one rounding.
#pragma once

#include "cpu/op_tactic.h"
#include "cpu/sparse24/late_output.h"
#include "ops/elementwise/activation.h"

namespace twofour::cpu {

class Bf16Output final : public LateOutput {
 public:
  /// From the attributes of FusedConv, FusedGemm or FusedMatMul.
  explicit Bf16Output(const Attrs& attrs)
      : LateOutput(sizeof(bf16)), activation_(ops::activation_from(attrs)) {}

  void write(float* values, int64_t count, const std::byte* residual, std::byte* dst) const override;

 private:
  ops::Activation activation_;
};

}  // namespace twofour::cpu
