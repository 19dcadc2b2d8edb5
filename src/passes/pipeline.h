// The passes that turn an imported network into one worth building, in the order in which they run.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace twofour::passes {

struct Pass {
  std::string_view name;
  size_t (*run)(Graph& graph);  // returns the number of places it changed
};

/// In the order of rewrites.h.
std::span<const Pass> inference_passes();

struct PassReport {
  std::string name;
  size_t changed = 0;
  double time_us = 0;
};

struct PipelineOptions {
  std::vector<std::string> disabled;  // names of passes
  bool verify_each = false;           // check the graph's invariants after every pass
};

/// Runs the passes, the whole list again until a round changes nothing. One report per enabled pass, summed
/// over the rounds. Throws Error{kNotFound} listing the passes when `disabled` names none of them.
std::vector<PassReport> optimise(Graph& graph, const PipelineOptions& options = {});

}  // namespace twofour::passes
