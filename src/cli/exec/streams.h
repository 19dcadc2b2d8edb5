// The loop that is timed: streams that run side by side, each a thread with a context of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "cli/inputs.h"

namespace twofour::cli {

inline constexpr int kMostStreams = 256;

struct LoopOptions {
  int64_t iterations = 10;  // of each stream, at least
  double duration_s = 3;    // and at least this long
  double warm_up_ms = 200;
  int streams = 1;
  double sleep_ms = 0;         // before the first query of each stream
  double idle_ms = 0;          // between two queries of a stream
  bool data_transfers = true;  // copy inputs in and outputs out around every query
};

/// One query: when its parts began and ended, in milliseconds since the streams started together.
struct Query {
  int stream = 0;
  double start_in = 0, start_compute = 0, end_compute = 0, end_out = 0;
  std::vector<double> layer_us;  // of profiled runs, in Engine::layer_names() order

  double in_ms() const { return start_compute - start_in; }
  double compute_ms() const { return end_compute - start_compute; }
  double out_ms() const { return end_out - end_compute; }
  double latency_ms() const { return end_out - start_in; }
};

struct Trace {
  std::vector<Query> queries;  // after the warm-up, by start
  int64_t warm_up_queries = 0;
  std::vector<Tensor> outputs;  // of stream 0's last query, Engine::outputs() order

  /// From the first query's start to the last one's end.
  double wall_s() const;
  double throughput_qps() const { return static_cast<double>(queries.size()) / wall_s(); }
};

/// The streams share `inputs` and divide the threads in force among them. `options` are in the ranges that
/// the command line allows.
Trace run_streams(const Engine& engine, const Inputs& inputs, const LoopOptions& options);
/// The same with the time of every layer, which disturbs the times of the whole.
Trace profile_streams(const Engine& engine, const Inputs& inputs, const LoopOptions& options);

}  // namespace twofour::cli
