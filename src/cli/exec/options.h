// The flags of `twofour exec`: trtexec's names, defaults of its 10.x generation.
#pragma once

#include <string>
#include <vector>

#include "cli/exec/precision_flags.h"
#include "cli/exec/streams.h"
#include "twofour/engine.h"

namespace CLI {
class App;
}

namespace twofour::cli {

/// How much --dumpLayerInfo and --exportLayerInfo tell.
enum class Verbosity : uint8_t { kLayerNamesOnly, kDetailed, kNone };

struct ExecOptions {
  // Model
  std::string onnx, load_engine, save_engine;
  // Build
  Sparsity sparsity = Sparsity::kDisable;
  Shapes shapes, min_shapes, opt_shapes, max_shapes;
  std::vector<std::string> input_formats, output_formats;
  std::string save_tactics, load_tactics;
  bool strict_tactics = false;
  TuningOptions tuning;
  PrecisionFlags precision;
  Verbosity profiling_verbosity = Verbosity::kLayerNamesOnly;
  // Inference
  LoopOptions loop;
  InputFiles load_inputs;
  int threads = 0;
  bool no_transfers = false, skip_inference = false, time_deserialize = false;
  // Report
  int avg_runs = 10;
  std::vector<float> percentiles = {90, 95, 99};
  bool dump_profile = false, dump_layer_info = false, dump_output = false, dump_raw = false;
  bool verbose = false;
  std::string export_profile, export_layer_info, export_output, export_times, export_trace, export_report,
      json;

  /// Flags given that only a build heeds, that only a run heeds, and notes on flags without effect; filled by
  /// the command line.
  std::vector<std::string> build_flags, run_flags, notes;
};

/// Adds every flag to `exec`; after parsing, settle_flags() fills the lists above and refuses flags that
/// twofour cannot honour with Error{kUnsupported}.
void add_flags(CLI::App& exec, ExecOptions& options);
void settle_flags(const CLI::App& exec, ExecOptions& options);

}  // namespace twofour::cli
