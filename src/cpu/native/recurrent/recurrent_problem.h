// An RNN, GRU or LSTM node as the native kernels see it. Tensors are laid out as ops/recurrent/recurrent.h
// says.
#pragma once

#include <array>
#include <vector>

#include "cpu/native/linear/packed_product.h"
#include "cpu/op_tactic.h"
#include "ops/recurrent/recurrent.h"

namespace twofour::cpu {

enum class RecurrentCellKind : uint8_t { kRnn, kGru, kGruAfterProduct, kLstm };

struct RecurrentProblem {
  static constexpr size_t kX = 0, kW = 1, kR = 2, kB = 3, kLengths = 4, kH = 5, kC = 6, kPeephole = 7;

  RecurrentCellKind kind;
  int64_t dirs, seq, batch, input, hidden, gates;
  bool batch_first, reverse, coupled;                 // coupled: the forget gate is 1 - the input gate
  float clip;                                         // infinity: none
  std::vector<ops::RecurrentActivation> activations;  // as many for each direction
  DType w_dtype, r_dtype;

  explicit RecurrentProblem(const NodeDesc& node);

  /// Columns of one gate, and of all: whole panels.
  int64_t gate_columns() const { return panel_columns(hidden); }
  int64_t columns() const { return gates * gate_columns(); }
  /// Of a sum that the products with `weight`, kW or kR, make.
  int64_t terms(size_t weight) const { return weight == kW ? input : hidden; }
  DType dtype(size_t weight) const { return weight == kW ? w_dtype : r_dtype; }

  bool backwards(int64_t dir) const { return reverse || dir == 1; }
  std::span<const ops::RecurrentActivation> activations_of(int64_t dir) const {
    const size_t each = activations.size() / static_cast<size_t>(dirs);
    return std::span(activations).subspan(static_cast<size_t>(dir) * each, each);
  }
  /// Which row of X, as it lies in memory, is an item's at time t, and rows from there to t + 1.
  int64_t x_row(int64_t t, int64_t item) const { return batch_first ? item * seq + t : t * batch + item; }
  int64_t x_step() const { return batch_first ? 1 : batch; }
  /// Where Y has a step's state, and a state tensor has an item's.
  int64_t y_at(int64_t t, int64_t dir, int64_t item) const {
    return (batch_first ? (item * seq + t) * dirs + dir : (t * dirs + dir) * batch + item) * hidden;
  }
  int64_t state_at(int64_t dir, int64_t item) const {
    return (batch_first ? item * dirs + dir : dir * batch + item) * hidden;
  }
};

}  // namespace twofour::cpu
