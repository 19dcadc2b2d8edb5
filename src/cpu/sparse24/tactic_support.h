// What the sparse tactics share: from a node's constant weight to the packed form that engines keep, and
// back.
#pragma once

#include <memory>
#include <variant>

#include "backend/sparse24_format.h"
#include "cpu/native/elementwise/activation.h"
#include "cpu/op_tactic.h"
#include "cpu/sparse24/gemm.h"
#include "cpu/sparse24/late_output.h"

namespace twofour::cpu {

/// What the products of a node in floating point multiply: bf16 where its source is.
ProductKind product_kind(const NodeDesc& node);
/// `values` themselves where they are f32.
inline Tensor as_f32(const Tensor& values) {
  return values.dtype() == DType::kF32 ? values : values.to(DType::kF32);
}

/// Values in the weight's type, indices and, when there is one, the bias in f32: what pack() returns.
std::vector<Tensor> packed_weight(const NodeDesc& node, const backend::Sparse24Matrix& matrix);
/// What packed_weight() made, f32 read back in place.
struct PackedWeight {
  Tensor values;                 // f32
  backend::Sparse24View matrix;  // [m, k]; whoever reads it has to verify() it
  Epilogue epilogue;             // the packed bias
};
/// Throws Error{kDataCorrupt} when `packed` is not values, indices and the node's bias [m], if it has one.
PackedWeight unpack(const NodeDesc& node, std::span<const Tensor> packed, int64_t m, int64_t k);

/// Relu or clip, and whether a residual is read, for a result in f32; says whether the activation is no more
/// than that.
bool add_f32_epilogue(const NodeDesc& node, bool residual, Epilogue& epilogue);
/// The same for a result in floating point, of which groups have so many rows of W. Where generated code
/// cannot make it bf16, the answer does.
std::unique_ptr<LateOutput> add_real_epilogue(const NodeDesc& node, bool residual, int64_t group_rows,
                                              Epilogue& epilogue);

/// The activations that the generated code does not have: applied to its result, f32.
class LateActivation {
 public:
  explicit LateActivation(const NodeDesc& node);
  void run(float* dst) const { apply_activation(activation_, dst, dst, numel_); }

 private:
  ops::Activation activation_;
  int64_t numel_;
};

/// The refusals that every sparse tactic has: types (one of the two), weight at input 1 constant, bias at
/// input 2 constant, input 0 not.
Support sparse24_node_ok(const NodeDesc& node, ProductKind kind);
/// `result` of compress24 as an answer: yes, or which block has more than two non-zeros.
Support sparse24_pattern_ok(const std::variant<backend::Sparse24Matrix, backend::Sparse24Violation>& result);
/// Yes for a matrix [m,k] unless it exceeds the code budget or dense weights have better instructions; where
/// f32 runs from lists, the detail says why.
Support sparse24_form(int64_t m, int64_t k, ProductKind kind);

}  // namespace twofour::cpu
