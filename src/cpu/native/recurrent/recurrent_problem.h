// An RNN, GRU or LSTM node as the native kernel sees it. Tensors are laid out as ops/recurrent/recurrent.h
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

  explicit RecurrentProblem(const NodeDesc& node);

  /// Columns of one gate, and of all: whole panels.
  int64_t gate_columns() const { return panel_columns(hidden); }
  int64_t columns() const { return gates * gate_columns(); }
  /// Floats of W or R in packed form, all directions: gate after gate, each a product's right side.
  int64_t packed_w() const { return dirs * columns() * input; }
  int64_t packed_r() const { return dirs * columns() * hidden; }
  /// `weight` [dirs, gates * hidden, k] to packed form.
  void pack(const float* weight, int64_t k, float* packed) const;

  bool backwards(int64_t dir) const { return reverse || dir == 1; }
  std::span<const ops::RecurrentActivation> activations_of(int64_t dir) const {
    const size_t each = activations.size() / static_cast<size_t>(dirs);
    return std::span(activations).subspan(static_cast<size_t>(dir) * each, each);
  }
  /// Elements of X from step to step and from item to item.
  int64_t x_step() const { return (batch_first ? 1 : batch) * input; }
  int64_t x_item() const { return (batch_first ? seq : 1) * input; }
  /// Where Y has a step's state, and a state tensor has an item's.
  int64_t y_at(int64_t t, int64_t dir, int64_t item) const {
    return (batch_first ? (item * seq + t) * dirs + dir : (t * dirs + dir) * batch + item) * hidden;
  }
  int64_t state_at(int64_t dir, int64_t item) const {
    return (batch_first ? item * dirs + dir : dir * batch + item) * hidden;
  }
};

}  // namespace twofour::cpu
