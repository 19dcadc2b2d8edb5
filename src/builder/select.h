// Selection: for every node and format which tactics can run it, how fast, and which is best.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "builder/builder.h"
#include "builder/timing.h"

namespace twofour::builder {

inline constexpr std::array kFormats = {backend::Format::kPlain, backend::Format::kChannelsLast};

/// One tactic in one format.
struct Candidate {
  const backend::Tactic* tactic;
  backend::Format format;
  backend::Support support;
  double time_us = -1;  // negative: not timed
};

struct NodeSelection {
  Node* node;
  std::vector<size_t> dying;                             // inputs that nobody reads afterwards
  std::vector<ops::Domain> domains;                      // of the inputs
  std::array<backend::NodeDesc, kFormats.size()> descs;  // by format
  std::vector<Candidate> candidates;
  std::array<std::optional<size_t>, kFormats.size()> best;  // by format: of `candidates`
  bool keeps_dense = false;                                 // sparse tactics are not taken
  bool replayed = false;
  bool disturbed = false;  // while it was timed

  const backend::NodeDesc& desc(backend::Format format) const { return descs[static_cast<size_t>(format)]; }
  /// Whether the candidate may run the node.
  bool takes(const Candidate& c) const { return c.support && !(keeps_dense && c.tactic->is_sparse()); }
  /// Null: nothing runs the node in this format.
  const Candidate* winner(backend::Format format) const {
    const auto i = best[static_cast<size_t>(format)];
    return i ? &candidates[*i] : nullptr;
  }
};

/// What became of a node that runs in `format`, for the report and the tactics file.
LayerChoice summarise(const NodeSelection& selection, backend::Format format);

class Selector {
 public:
  /// Throws Error{kInvalidArgument} when options.tuning.without_tactics has what no tactic is called.
  /// `cold_weights`: see Contender.
  Selector(const backend::Backend& backend, const Options& options, bool cold_weights);

  /// Throws Error{kUnsupported} naming the node when no tactic runs it, Error{kNotFound} or
  /// Error{kFailedPrecondition} when strict replay misses.
  /// `keep_dense`: sparse tactics are only reported, with the times that are known.
  NodeSelection select(Node* node, std::vector<size_t> dying, bool keep_dense = false);
  /// Time of reordering `value` between the formats, in microseconds; 0 when nothing is timed.
  double reorder_us(const Value& value, backend::Format from, backend::Format to);
  const backend::Tactic& reorder_tactic(const backend::NodeDesc& reorder) const;

 private:
  bool considered(const backend::Tactic& tactic) const;
  void add_candidates(NodeSelection& selection, backend::Format format) const;
  bool replay(NodeSelection& selection) const;
  void add_variant(NodeSelection& selection, const std::string& name) const;
  int rank_of(const std::string& tactic) const;
  bool take(NodeSelection& selection, const LayerChoice& choice) const;
  std::vector<Contender> contenders_of(const NodeSelection& selection) const;
  /// Afterwards a candidate has a time, or the node is left to one that failed on the data it was timed on.
  void time(NodeSelection& selection);
  /// Whether a candidate got a time; otherwise all that could be taken have failed.
  bool time_until_one_runs(NodeSelection& selection);
  void time_taken(NodeSelection& selection);
  /// Times that the cache has of candidates that are not taken.
  void recall_others(NodeSelection& selection) const;
  /// Candidates for variants of those that have parameters and are among the fastest.
  void search_parameters(NodeSelection& selection);
  void search_from(NodeSelection& selection, size_t start);
  std::vector<Candidate> timed_neighbours(const NodeSelection& selection, const Candidate& best,
                                          size_t parameter);
  Contender contender_of(const NodeSelection& selection, const Candidate& candidate) const;
  Timings measure(std::span<const Contender> contenders, const std::string& label);
  void keep(std::span<const Contender> contenders, const Timings& times, double scale = 1);
  void pick(NodeSelection& selection) const;

  const backend::Backend& backend_;
  const Options& options_;
  bool cold_weights_;
  std::shared_ptr<TimingCache> times_us_;
  bool warned_ = false;  // that timing was disturbed
};

}  // namespace twofour::builder
