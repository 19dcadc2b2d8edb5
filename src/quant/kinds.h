// What quantisation may do with a node, by the tables of the operators.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace twofour::quant {

/// Conv, Gemm and MatMul.
bool is_product(const Node& node);
/// Computes on codes of different parameters: ops/quantisation/on_codes.h.
bool computes_on_codes(const Node& node);
/// Any of these, or moves codes, so that inputs and results share one scale and zero point.
bool works_on_codes(const Node& node);
/// Which inputs are f32 data: no sizes, factors or indices.
std::vector<size_t> real_inputs(const Node& node);

}  // namespace twofour::quant
