// What the sparse tactics share: from a node's constant weight to the packed form that engines keep, and
// back.
#pragma once

#include <optional>
#include <variant>

#include "backend/sparse24_format.h"
#include "cpu/op_tactic.h"
#include "cpu/sparse24/gemm.h"

namespace twofour::cpu {

/// Values, indices and, when there is one, the bias: what pack() returns.
std::vector<Tensor> packed_weight(const backend::Sparse24Matrix& matrix, const Tensor& bias);
/// packed[0] and packed[1] as a matrix [m, k], which whoever reads it has to verify(). Throws
/// Error{kDataCorrupt} when they are not there.
backend::Sparse24View weight_view(std::span<const Tensor> packed, int64_t m, int64_t k);

/// The epilogue of a node with attributes activation, clip_low, clip_high; bias from packed[2].
Epilogue epilogue_of(const NodeDesc& node, std::span<const Tensor> packed, bool residual);

/// The refusals that every sparse tactic has: instruction set, types, weight at input 1 constant, bias at
/// input 2 constant.
Support sparse24_node_ok(const NodeDesc& node);
/// `result` of compress24 as an answer: yes, or which block has more than two non-zeros.
Support sparse24_pattern_ok(const std::variant<backend::Sparse24Matrix, backend::Sparse24Violation>& result);
/// Code is generated from every kept value; above the budget of Sparse24Options the dense kernels are the
/// better use of memory.
Support sparse24_code_ok(int64_t m, int64_t k);

}  // namespace twofour::cpu
