// A run in the trace event format that chrome://tracing and Perfetto read.
#pragma once

#include <string>
#include <vector>

#include "cli/exec/streams.h"

namespace twofour::cli {

/// One row per stream; in it the queries, and below each its layers and copies. `trace` comes from
/// profile_streams() of the engine with these `layers`. Of each stream the first `most_queries`.
std::string chrome_trace_json(const std::vector<LayerInfo>& layers, const Trace& trace, size_t most_queries);

}  // namespace twofour::cli
