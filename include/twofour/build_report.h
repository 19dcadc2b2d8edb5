// What a build decided, and why: for every layer which tactics could run it, how fast, and the winner.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace twofour {

/// One tactic for one layer.
struct TacticTime {
  std::string tactic;
  std::string format;  // "nchw" or "nhwc"
  bool sparse = false;
  bool could_run = false;
  double time_us = -1;   // undisturbed; negative: not timed
  std::string declined;  // why it was not taken; empty for the winner
  std::string note;      // how it runs, where that is not the usual way
};

/// The decision for one layer: what the builder chose, the report shows and tactics files keep.
struct LayerChoice {
  std::string layer;
  std::string op;
  std::string signature;  // operator, attributes and sizes: a decision holds for layers that share it
  std::string winner;
  std::string format;
  bool sparse = false;
  bool has_weight = false;  // an operator that 2:4 sparsity knows
  bool replayed = false;    // taken from a tactics file, not timed
  bool disturbed = false;   // other work on the machine made its times uncertain
  std::vector<TacticTime> candidates;

  /// A sparse tactic could run it.
  bool eligible() const;
  /// The best time of the sparse (dense) tactics in microseconds; negative when none was timed.
  double best_us(bool of_sparse) const;
  /// "sparse", or why it is not; empty for layers without a weight. Says when a tactics file decided.
  std::string verdict() const;
};

/// The finished sparse engine against the dense one, both run in turn. Layers, those that gain least first,
/// went back to dense until it won.
struct SparsityTrial {
  double sparse_us = -1;  // lower quartiles; negative: there was no trial
  double dense_us = -1;
  double speedup =
      0;  // median over rounds of dense / sparse: of the engine that won, or, where none did, of the first
  bool won = false;                               // by more than 2 % and the noise
  std::vector<std::string> layers_returned = {};  // to dense
  std::string skipped = {};                       // why there was no trial though layers were sparse

  /// One line; empty when no layer was sparse.
  std::string summary() const;
};

struct BuildReport {
  std::vector<LayerChoice> layers;
  SparsityTrial trial;
  double build_s = 0;
  size_t arena_bytes = 0;              // activations of one context
  size_t arena_lower_bound_bytes = 0;  // what no plan could go below
  size_t weights_bytes = 0;

  std::vector<std::string> eligible_layers() const;
  std::vector<std::string> sparse_layers() const;
  /// The whole report as JSON text.
  std::string json() const;
};

}  // namespace twofour
