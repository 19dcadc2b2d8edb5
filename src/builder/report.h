// The build report: for every layer which tactics could run it, their times, the winner, and why others declined.
#pragma once

#include <string>
#include <vector>

#include "backend/support.h"
#include "base/json.h"

namespace twofour::builder {

struct Candidate {
  std::string tactic;
  std::string format;      // of the layer's main input
  double time_us = -1;     // median; negative: not timed
  bool sparse = false;
  backend::Support support;  // kNone: could run; otherwise why not
};

struct LayerReport {
  std::string name;
  std::string op;
  std::string winner;
  bool sparse = false;
  /// "eligible", or why 2:4 does not apply; empty for layers without a weight.
  std::string sparsity;
  std::vector<Candidate> candidates;

  /// Best time over sparse (dense) candidates; negative when there is none.
  double best_us(bool sparse_candidates) const;
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
