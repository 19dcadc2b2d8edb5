// Gemm, FusedGemm, MatMul and FusedMatMul whose second matrix is a constant 2:4 weight, as the sparse tactics
// see them: dst [N, M] = activation(a [N, K] x b [K, M] + bias [M]). MatMul's leading dimensions of `a` are
// items too; they lie one after the other.
#pragma once

#include <variant>

#include "cpu/sparse24/tactic_support.h"

namespace twofour::cpu {

struct LinearSizes {
  int64_t items, m, k;
};
LinearSizes linear_sizes(const NodeDesc& node);

/// The refusals that do not depend on the kernel: types, shapes, attributes, what is constant.
Support linear_node_ok(const NodeDesc& node, ProductKind kind);
/// The weight as [M, K], of f32; it has data of any type.
std::variant<backend::Sparse24Matrix, backend::Sparse24Violation> compress_linear(const NodeDesc& node);
/// Whether the weight is 2:4; yes when it has no data any more.
Support linear_pattern_ok(const NodeDesc& node);

}  // namespace twofour::cpu
