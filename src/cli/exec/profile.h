// Time per layer over profiled queries.
#pragma once

#include <string>
#include <vector>

#include "cli/exec/streams.h"

namespace twofour::cli {

struct LayerTime {
  std::string name;
  double total_ms = 0, average_ms = 0, median_ms = 0;
  double percent = 0;
};

struct Profile {
  int64_t count = 0;  // queries
  std::vector<LayerTime> layers;
};

/// `names`: Engine::layer_names(); `trace` comes from profile_streams().
Profile profile_of(const std::vector<std::string>& names, const Trace& trace);
/// trtexec's table, from "=== Profile (N iterations ) ===" to the row "Total".
std::string profile_text(const Profile& profile);
/// trtexec's JSON: [{"count"}, {"name", "timeMs", "averageMs", "medianMs", "percentage"}, ...].
std::string profile_json(const Profile& profile);

}  // namespace twofour::cli
