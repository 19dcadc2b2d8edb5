// What a build decided, and why: for every layer which tactics could run it, how fast, and the winner.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "twofour/dtype.h"

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
  /// trtexec's name of the type of the numbers that it reads: "int8" for codes of either sign; "" for none.
  std::string precision = {};
  std::string real_because = {};  // why it is in floating point where others are on codes
  std::vector<DType> output_types = {};

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

/// A precision that was asked for, or the model's own.
struct PrecisionTime {
  std::string precision;      // "fp32", "bf16", "int8", "int8+bf16"
  double us = -1;             // of the finished engine, lower quartile; negative: not run
  double speedup = 0;         // median over rounds of the first one's time / its own
  bool taken = false;         // the engine computes in it
  std::string declined = {};  // why it was not built or not run
};

/// Finished engines in several precisions, run in turn.
struct PrecisionTrial {
  std::vector<PrecisionTime> precisions;  // the model's own first; empty: none was asked for

  /// Which was taken, and against what; then one line for each that was declined.
  std::vector<std::string> summary() const;
};

struct BuildReport {
  std::vector<LayerChoice> layers;
  SparsityTrial trial;
  PrecisionTrial precision_trial;
  bool timing_only = false;  // on codes whose ranges are not those of real data: its results mean nothing
  double build_s = 0;
  size_t arena_bytes = 0;              // activations of one context
  size_t arena_lower_bound_bytes = 0;  // what no plan could go below
  size_t weights_bytes = 0;

  std::vector<std::string> eligible_layers() const;
  std::vector<std::string> sparse_layers() const;
  /// "5 of 6 layers with a product in int8; in fp32: fc (excluded by name)"; empty where all are in f32.
  std::string precision_summary() const;
  /// The whole report as JSON text.
  std::string json() const;
};

}  // namespace twofour
