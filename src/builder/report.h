// The build report: for every layer which tactics could run it, their times, the winner, and why others declined.
#pragma once

#include <string>
#include <vector>

#include "backend/tactic.h"
#include "base/json.h"

namespace twofour::builder {

struct Candidate {
  std::string tactic;
  backend::Format format = backend::Format::kPlain;
  double time_us = -1;  // median; negative: not timed
  bool sparse = false;
  backend::Support support;  // kNone: could run; otherwise why not
};

struct LayerReport {
  std::string name;
  std::string op;
  std::string signature;  // the key under which a decision may be replayed (NodeDesc::signature)
  std::string winner;
  backend::Format format = backend::Format::kPlain;
  bool sparse = false;
  bool has_weight = false;  // an op that 2:4 sparsity knows
  std::vector<Candidate> candidates;

  /// Best time over sparse (dense) candidates; negative when none was timed.
  double best_us(bool sparse_candidates) const;
  /// A sparse tactic could run it.
  bool eligible() const;
  /// One phrase for the layer table: why the winner won, or why 2:4 was not possible. Empty without a weight.
  std::string verdict() const;
};

struct Report {
  std::vector<LayerReport> layers;
  double build_s = 0;
  size_t arena_bytes = 0;
  size_t arena_lower_bound_bytes = 0;
  size_t weights_bytes = 0;

  std::vector<std::string> eligible_layers() const;
  std::vector<std::string> sparse_layers() const;
};

Json report_to_json(const Report& report);

}  // namespace twofour::builder
