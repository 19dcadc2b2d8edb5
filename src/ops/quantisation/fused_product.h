// What QuantizedConv and QuantizedMatMul do with the exact integer sums. Inputs 2 to 4 of both are scale,
// bias and residual.
#pragma once

#include <vector>

#include "ops/quantisation/output_codes.h"

namespace twofour::ops {

/// Checks scale, bias, residual and the activation's attributes against the result. `channels`: of scale and
/// bias.
void check_fused_product(const Node& node, const Dim& channels, const ValueType& dst);

/// dst = activation(sums * scale + bias + residual), as real values or codes. Channel of sum i:
/// i / `inner` % `channels`.
void finish_fused_product(const ReferenceArgs& args, const std::vector<int64_t>& sums, int64_t channels,
                          int64_t inner);

/// Every code of an 8-bit input; [-1, 1) for an f32 one.
Domain all_codes(const Node& node, size_t input);
/// [0.001, 0.002).
Domain small_scales(const Node& node, size_t input);

}  // namespace twofour::ops
