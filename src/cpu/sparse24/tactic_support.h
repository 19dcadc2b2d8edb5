// What the sparse tactics share: from a node's constant weight to the packed form that engines keep, and
// back.
#pragma once

#include <optional>
#include <variant>

#include "backend/sparse24_format.h"
#include "cpu/native/elementwise/activation.h"
#include "cpu/op_tactic.h"
#include "cpu/sparse24/gemm.h"

namespace twofour::cpu {

/// Values, indices and, when there is one, the bias: what pack() returns.
std::vector<Tensor> packed_weight(const backend::Sparse24Matrix& matrix, const Tensor& bias);
/// What packed_weight() made, read back in place.
struct PackedWeight {
  backend::Sparse24View matrix;  // [m, k]; whoever reads it has to verify() it
  Epilogue epilogue;             // relu or clip; the packed bias
};
/// Throws Error{kDataCorrupt} when `packed` is not values, indices and the node's bias [m], if it has one.
PackedWeight unpack(const NodeDesc& node, std::span<const Tensor> packed, int64_t m, int64_t k,
                    bool residual);

/// Relu or clip, and whether a residual is read, for a result in f32.
void add_f32_epilogue(const NodeDesc& node, bool residual, Epilogue& epilogue);

/// The activations that the generated code does not have: applied to its result.
class LateActivation {
 public:
  explicit LateActivation(const NodeDesc& node);
  void run(float* dst) const { apply_activation(activation_, dst, dst, numel_); }

 private:
  ops::Activation activation_;
  int64_t numel_;
};

/// The refusals that every sparse tactic has: types, weight at input 1 constant, bias at input 2 constant,
/// input 0 not.
Support sparse24_node_ok(const NodeDesc& node);
/// `result` of compress24 as an answer: yes, or which block has more than two non-zeros.
Support sparse24_pattern_ok(const std::variant<backend::Sparse24Matrix, backend::Sparse24Violation>& result);
/// Yes for a matrix [m,k] unless it exceeds the code budget; where it runs from lists, the detail says why.
Support sparse24_form(int64_t m, int64_t k);

}  // namespace twofour::cpu
