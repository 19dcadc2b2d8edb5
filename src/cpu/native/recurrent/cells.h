// What follows the matrix products of one recurrent step: activations, gates and the new state of one item.
#pragma once

#include <span>

#include "ops/recurrent/recurrent.h"

namespace twofour::cpu {

using RecurrentActivations = std::span<const ops::RecurrentActivation>;

/// Gates of `hidden` values, `step` apart; `clip` bounds what goes into an activation.
struct CellGates {
  float* data;
  int64_t step, hidden;
  float clip;
  RecurrentActivations activations;

  float* gate(int64_t i) const { return data + i * step; }
  /// Replaces values that belong to a gate.
  void activate(float* values, size_t activation) const;
};

/// h = f(gate).
void rnn_cell(const CellGates& gates, float* h);
/// A GRU's gates are z, r (both activated before) and the candidate.
/// What the candidate's recurrent product reads: r * h.
void gru_keep(const CellGates& gates, const float* h, float* kept);
/// The candidate gets r times `recurrent`.
void gru_add_recurrent(const CellGates& gates, const float* recurrent);
/// h = (1 - z) * g(candidate) + z * h.
void gru_update(const CellGates& gates, float* h);
/// Gates i, o, f, c. `peephole` (null: none) has weights for i, o, f.
void lstm_cell(const CellGates& gates, const float* peephole, bool coupled, float* h, float* c);

}  // namespace twofour::cpu
