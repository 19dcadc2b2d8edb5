// The last step of a product whose result is codes: residual, activation, scale, zero point. AVX-512.
#pragma once

#include "cpu/op_tactic.h"
#include "cpu/sparse24/late_output.h"
#include "ops/elementwise/activation.h"

namespace twofour::cpu {

/// A whole number of codes that saturates with any zero point.
inline constexpr float kBeyondCodes = 1024;

class CodeOutput final : public LateOutput {
 public:
  /// From the attributes of QuantizedConv or QuantizedMatMul; `residual` is what the node says of it, if it
  /// has one.
  CodeOutput(const Attrs& attrs, const TensorDesc* residual);

  void write(float* values, int64_t count, const std::byte* residual, std::byte* dst) const override;

 private:
  /// values + residual, in real units.
  void add_residual(float* values, int64_t count, const std::byte* residual) const;
  void round(const float* values, int64_t count, std::byte* dst) const;

  bool is_signed_, residual_signed_ = false;
  float inverse_scale_;
  float low_, high_;  // of value / scale, by the activation
  int32_t zero_point_;
  float residual_scale_ = 1;
  float residual_zero_point_ = 0;
  ops::Activation smooth_;  // one that is more than bounds
};

}  // namespace twofour::cpu
