// The last step of a product whose result is codes: residual, activation, scale, zero point.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/op_tactic.h"
#include "ops/elementwise/activation.h"
#include "ops/quantisation/output_codes.h"

namespace twofour::cpu {

class CodeOutput {
 public:
  /// From the attributes of QuantizedConv or QuantizedMatMul; `residual` is the type of the residual, if
  /// there is one.
  CodeOutput(const Attrs& attrs, const TensorDesc* residual);

  /// dst[offset ...] = the codes of activation(values + residual[offset ...]); values are overwritten.
  /// `residual` may be dst, and is null where there is none.
  void write(float* values, int64_t count, int64_t offset, const std::byte* residual, std::byte* dst) const;

 private:
  void add_residual(float* values, int64_t count, const std::byte* residual) const;

  ops::OutputCodes codes_;
  ops::Activation activation_;
  bool residual_signed_ = false;
  float residual_scale_ = 1;
  float residual_zero_point_ = 0;
};

}  // namespace twofour::cpu
