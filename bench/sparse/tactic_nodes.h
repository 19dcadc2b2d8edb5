// A problem as the node that an engine would have.
#pragma once

#include "backend/tactic.h"
#include "sparse/problem.h"

namespace twofour::bench {

/// Gemm or FusedConv, in int8 QuantizedMatMul or QuantizedConv. `format`: of a convolution's activations.
backend::NodeDesc node_of(const Problem& problem, const ProblemData& data, backend::Format format);

}  // namespace twofour::bench
