#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/exec/options.h"
#include "cli/exec/refused.h"
#include "cli/sparsity_choice.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

constexpr Names<Verbosity, 3> kVerbosityNames = {{{"layer_names_only", Verbosity::kLayerNamesOnly},
                                                  {"detailed", Verbosity::kDetailed},
                                                  {"none", Verbosity::kNone}}};

void add_model_flags(CLI::App& exec, ExecOptions& o) {
  exec.option_defaults()->group("Model");
  exec.add_option("--onnx", o.onnx, "Model to build from")->type_name("FILE");
  exec.add_option("--loadEngine", o.load_engine, "Engine to load instead of building")->type_name("FILE");
  exec.add_option("--saveEngine", o.save_engine, "Write the engine here")->type_name("FILE");
}

void add_shape_flags(CLI::App& exec, ExecOptions& o) {
  exec.add_option("--shapes", o.shapes, "Sizes of open dimensions: input:1x3x224x224,...");
  exec.add_option("--optShapes", o.opt_shapes, "The same; with the next two the sizes to run at");
  exec.add_option("--minShapes", o.min_shapes, "Smallest sizes that the engine takes");
  exec.add_option("--maxShapes", o.max_shapes, "Largest sizes that the engine takes");
}

void add_tuning_flags(CLI::App& exec, ExecOptions& o) {
  constexpr int kMost = 100'000;
  TuningOptions& t = o.tuning;
  exec.add_option("--timingCacheFile", t.timing_cache, "Measured times to start from and to keep")
      ->type_name("FILE");
  exec.add_flag("--errorOnTimingCacheMiss", t.strict_timing_cache, "A time that the file misses is an error");
  exec.add_option(
          "--builderOptimizationLevel,--heuristic", t.level,
          "0: nothing is timed; up to 5: longer timing, from 4 on with a search over kernel parameters")
      ->check(CLI::Range(0, 5))
      ->type_name("LEVEL");
  exec.add_option("--avgTiming", t.rounds, "Runs of each tactic; 0: as the level says")
      ->check(CLI::Range(0, kMost))
      ->type_name("N");
  exec.add_option("--maxTactics", t.max_tactics, "Tactics timed per layer and format; 0: all")
      ->check(CLI::Range(-1, kMost))
      ->type_name("N");
  exec.add_option("--tacticSources", o.tactic_sources, "Tactics to leave out: -onednn,-sparse24.gemm,...");
}

void add_build_flags(CLI::App& exec, ExecOptions& o) {
  exec.option_defaults()->group("Build");
  add_shape_flags(exec, o);
  add_sparsity_choice(exec, o.sparsity);
  exec.add_option("--saveTactics", o.save_tactics, "Write the chosen tactics as JSON")->type_name("FILE");
  exec.add_option("--loadTactics", o.load_tactics, "Replay the tactics of an earlier build")
      ->type_name("FILE");
  exec.add_flag("--strictTactics", o.strict_tactics, "A layer that the tactics file misses is an error");
  add_tuning_flags(exec, o);
  exec.add_option("--inputIOFormats", o.input_formats, "Expected of the inputs: fp32:chw,...");
  exec.add_option("--outputIOFormats", o.output_formats, "Expected of the outputs: fp32:chw,...");
  add_choice(exec, "--profilingVerbosity,--nvtxMode", o.profiling_verbosity, kVerbosityNames,
             "Of the layer information: layer_names_only | detailed | none");
}

void add_inference_flags(CLI::App& exec, ExecOptions& o) {
  exec.option_defaults()->group("Inference");
  exec.add_option("--loadInputs", o.load_inputs, "Inputs from raw files: name:file,...; others are random");
  exec.add_option("--iterations", o.loop.iterations, "Run at least N times");
  exec.add_option("--duration", o.loop.duration_s, "and at least S seconds");
  exec.add_option("--warmUp", o.loop.warm_up_ms, "Milliseconds to run before timing");
  exec.add_option("--sleepTime", o.loop.sleep_ms, "Milliseconds to wait before the first query");
  exec.add_option("--idleTime", o.loop.idle_ms, "Milliseconds to wait between two queries");
  exec.add_option("--infStreams,--streams", o.loop.streams,
                  "Streams that run side by side, each with its share of the threads");
  exec.add_option("--threads", o.threads, "Of all kernels together; default: the cores. Streams share them")
      ->check(CLI::Range(0, kMaxThreads))
      ->expected(0, 1);
  exec.add_flag("--noDataTransfers", o.no_transfers, "Leave out copying inputs and outputs");
  exec.add_flag("--skipInference,--buildOnly", o.skip_inference, "Build or load only");
  exec.add_flag("--timeDeserialize", o.time_deserialize, "Time loading the engine, then stop");
}

void add_report_flags(CLI::App& exec, ExecOptions& o) {
  exec.option_defaults()->group("Report");
  exec.add_option("--avgRuns", o.avg_runs, "Queries averaged per line of the trace")
      ->check(CLI::Range(1, 1'000'000));
  exec.add_option("--percentile", o.percentiles, "Percentiles to report");
  exec.add_flag("--dumpProfile", o.dump_profile, "Print the time of every layer");
  exec.add_option("--exportProfile", o.export_profile, "Write it as JSON")->type_name("FILE");
  exec.add_flag("--dumpLayerInfo", o.dump_layer_info, "Print the layers; see --profilingVerbosity");
  exec.add_option("--exportLayerInfo", o.export_layer_info, "Write them as JSON")->type_name("FILE");
  exec.add_flag("--dumpOutput", o.dump_output, "Print the outputs of the last query");
  exec.add_option("--exportOutput", o.export_output, "Write them as JSON")->type_name("FILE");
  exec.add_flag("--dumpRawBindingsToFile", o.dump_raw, "Write inputs and outputs as raw files here");
  exec.add_option("--exportTimes", o.export_times, "Write the times of every query as JSON")
      ->type_name("FILE");
  exec.add_option("--exportTrace", o.export_trace, "Write a run as Chrome trace events")->type_name("FILE");
  exec.add_option("--exportReport", o.export_report, "Write the build and the run as an HTML page")
      ->type_name("FILE");
  exec.add_option("--json", o.json, "Write the build report as JSON")->type_name("FILE");
  exec.add_flag("--verbose", o.verbose, "Print why each tactic won or lost, and what the metrics mean");
}

void add_known_flags(CLI::App& exec, std::span<const KnownFlag> flags) {
  exec.option_defaults()->group("");  // --help does not list them
  for (const KnownFlag& flag : flags) {
    if (flag.takes_value)
      exec.add_option_function<std::string>(
          flag.name, [](const std::string&) {}, flag.reason);
    else exec.add_flag(flag.name, flag.reason);
  }
}

bool given(const CLI::App& exec, const KnownFlag& flag) {
  return exec.get_option(std::string(flag.name).substr(0, std::string_view(flag.name).find(',')))->count() >
         0;
}

std::vector<std::string> given_of(const CLI::App& exec, std::initializer_list<const char*> flags) {
  std::vector<std::string> result;
  for (const char* flag : flags)
    if (exec.count(flag) > 0) result.emplace_back(flag);
  return result;
}

}  // namespace

void add_flags(CLI::App& exec, ExecOptions& options) {
  exec.option_defaults()->always_capture_default();
  add_model_flags(exec, options);
  add_build_flags(exec, options);
  add_inference_flags(exec, options);
  add_report_flags(exec, options);
  add_known_flags(exec, flags_without_effect());
  add_known_flags(exec, refused_flags());
}

void settle_flags(const CLI::App& exec, ExecOptions& options) {
  for (const KnownFlag& flag : refused_flags())
    if (given(exec, flag))
      throw Error(ErrorCode::kUnsupported, fmt::format("{} is not supported: {}", flag.name, flag.reason));
  options.loop.data_transfers = !options.no_transfers;
  for (const KnownFlag& flag : flags_without_effect())
    if (given(exec, flag))
      options.notes.push_back(fmt::format("{} has no effect: {}", flag.name, flag.reason));
  options.build_flags = given_of(exec, {"--sparsity", "--loadTactics", "--strictTactics", "--timingCacheFile",
                                        "--builderOptimizationLevel", "--avgTiming", "--maxTactics",
                                        "--tacticSources", "--minShapes", "--optShapes", "--maxShapes"});
  options.run_flags =
      given_of(exec, {"--dumpProfile", "--exportProfile", "--dumpOutput", "--exportOutput",
                      "--dumpRawBindingsToFile", "--exportTimes", "--exportTrace", "--loadInputs"});
}

}  // namespace twofour::cli
