// Selection: for every node and format which tactics can run it, how fast, and which is best.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "builder/builder.h"

namespace twofour::builder {

inline constexpr std::array kFormats = {backend::Format::kPlain, backend::Format::kChannelsLast};

struct Choice {
  const backend::Tactic* tactic = nullptr;  // null: nothing runs the node in this format
  double time_us = 0;
};

/// One tactic in one format.
struct Candidate {
  const backend::Tactic* tactic;
  backend::Format format;
  backend::Support support;
  double time_us = -1;  // negative: not timed
};

struct NodeSelection {
  Node* node;
  std::string signature;  // NodeDesc::signature in plain format
  std::vector<Candidate> candidates;
  std::array<Choice, kFormats.size()> best{};  // by format

  Choice& in(backend::Format format) { return best[static_cast<size_t>(format)]; }
  const Choice& in(backend::Format format) const { return best[static_cast<size_t>(format)]; }
};

/// What became of a node that runs in `format`, for the report.
LayerChoice summarise(const NodeSelection& selection, backend::Format format);

/// A decision of an earlier build.
struct Decision {
  std::string tactic;
  backend::Format format;
};
using Decisions = std::map<std::string, Decision>;  // by NodeDesc::signature in plain format

class Selector {
 public:
  Selector(const backend::Backend& backend, const Options& options, const Decisions& decisions)
      : backend_(backend), options_(options), decisions_(decisions) {}

  /// Throws Error{kUnsupported} naming the node when no tactic runs it, Error{kNotFound} when strict replay
  /// misses.
  NodeSelection select(Node* node);
  /// Time of reordering `value` between the formats, in microseconds; 0 when nothing is timed.
  double reorder_us(const Value& value, backend::Format from, backend::Format to);
  const backend::Tactic& reorder_tactic(const backend::NodeDesc& reorder) const;

 private:
  void add_candidates(NodeSelection& selection, backend::Format format) const;
  bool replay(NodeSelection& selection) const;
  void time(NodeSelection& selection);
  void pick(NodeSelection& selection) const;

  const backend::Backend& backend_;
  const Options& options_;
  const Decisions& decisions_;
  std::map<std::string, double> times_us_;  // by tactic and signature
};

}  // namespace twofour::builder
