// What trtexec prints about a timed run, line by line.
#pragma once

#include <string>
#include <vector>

#include "cli/exec/streams.h"

namespace twofour::cli {

struct LogLine {
  char level;  // 'I', 'W', 'V'
  std::string text;
  bool operator==(const LogLine&) const = default;
};

struct SummaryOptions {
  double warm_up_ms = 200;
  int avg_runs = 10;  // queries per line of the trace
  std::vector<float> percentiles = {90, 95, 99};
  bool timing_only = false;
};

/// Of an engine with BuildReport::timing_only; every block of times has it.
inline constexpr const char* kTimingOnly =
    "Timing only: the ranges of int8 are not those of real data, the outputs mean nothing";

/// "Warmup completed ...", "=== Trace details ===", "=== Performance summary ===" and what follows them,
/// explanations of the metrics as verbose lines. "GPU" in trtexec's labels is the device, here the CPU.
std::vector<LogLine> performance_lines(const Trace& trace, const SummaryOptions& options);

/// "90,95,99". Throws Error{kInvalidArgument} on what is not between 0 and 100.
std::vector<float> parse_percentiles(const std::string& text);

}  // namespace twofour::cli
