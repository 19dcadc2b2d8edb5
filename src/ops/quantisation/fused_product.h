// What QuantizedConv and QuantizedMatMul do with the exact integer sums. Inputs 2 to 4 of both are scale,
// bias and residual.
#pragma once

#include <vector>

#include "ops/quantisation/output_codes.h"

namespace twofour::ops {

/// The inputs of QuantizedConv and QuantizedMatMul; the last one is the latter's alone.
namespace product_input {
inline constexpr size_t kSrc = 0, kWeight = 1, kScale = 2, kBias = 3, kResidual = 4, kSrcZeroPoint = 5,
                        kWeightZeroPoint = 6;
}  // namespace product_input

/// Checks scale, bias, residual and the activation's attributes against the result. `channels`: of scale and
/// bias.
void check_fused_product(const Node& node, const Dim& channels, const ValueType& dst);

/// dst = activation(sums * scale + bias + residual), as real values or codes. Channel of sum i:
/// i / `inner` % `channels`.
void finish_fused_product(const ReferenceArgs& args, const std::vector<int64_t>& sums, int64_t channels,
                          int64_t inner);

}  // namespace twofour::ops
