#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/exec/io_formats.h"
#include "cli/exec/options.h"
#include "cli/exec/refused.h"
#include "cli/exec/summary.h"
#include "cli/exec/tactic_sources.h"
#include "cli/input_options.h"
#include "cli/sparsity_choice.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

constexpr Names<Verbosity, 3> kVerbosityNames = {{{"layer_names_only", Verbosity::kLayerNamesOnly},
                                                  {"detailed", Verbosity::kDetailed},
                                                  {"none", Verbosity::kNone}}};

void add_model_flags(CLI::App& exec, ExecOptions& o) {
  start_group(exec, "Model");
  add_path(exec, "--onnx", o.onnx, "Model to build from");
  add_path(exec, "--loadEngine", o.load_engine, "Engine to load instead of building");
  add_path(exec, "--saveEngine", o.save_engine, "Write the engine here");
}

void add_shape_flags(CLI::App& exec, ExecOptions& o) {
  add_shapes(exec, "--shapes", o.shapes);
  add_shapes(exec, "--optShapes", o.opt_shapes, "The same; with the next two the sizes to run at");
  add_shapes(exec, "--minShapes", o.min_shapes, "Smallest sizes that the engine takes");
  add_shapes(exec, "--maxShapes", o.max_shapes, "Largest sizes that the engine takes");
}

void add_tuning_flags(CLI::App& exec, ExecOptions& o) {
  constexpr int kMost = 100'000;
  TuningOptions& t = o.tuning;
  add_path(exec, "--timingCacheFile", t.timing_cache, "Measured times to start from and to keep");
  add_flag(exec, "--errorOnTimingCacheMiss", t.strict_timing_cache,
           "A time that the file misses is an error");
  add_number(exec, "--builderOptimizationLevel,--heuristic", t.level, {0, 5},
             "0: nothing is timed; up to 5: longer timing, from 4 on with a search over kernel parameters")
      .type_name("LEVEL");
  add_number(exec, "--avgTiming", t.rounds, {0, kMost}, "Runs of each tactic; 0: as the level says");
  add_number(exec, "--maxTactics", t.max_tactics, {-1, kMost}, "Tactics timed per layer and format; 0: all");
  add_parsed(
      exec, "--tacticSources",
      [&t](const std::string& text) { t.without_tactics = parse_tactic_sources(text); },
      "Tactics to leave out: -onednn,-sparse24.gemm,...")
      .type_name("NAMES");
}

void add_format_flag(CLI::App& exec, const char* flag, std::vector<std::string>& formats,
                     const char* description) {
  add_parsed(
      exec, flag, [&formats](const std::string& text) { formats = parse_io_formats(text); }, description)
      .type_name("FORMATS");
}

void add_build_flags(CLI::App& exec, ExecOptions& o) {
  start_group(exec, "Build");
  add_shape_flags(exec, o);
  add_sparsity_choice(exec, o.sparsity);
  add_precision_flags(exec, o.precision);
  add_path(exec, "--saveTactics", o.save_tactics, "Write the chosen tactics as JSON");
  add_path(exec, "--loadTactics", o.load_tactics, "Replay the tactics of an earlier build");
  add_flag(exec, "--strictTactics", o.strict_tactics, "A layer that the tactics file misses is an error");
  add_tuning_flags(exec, o);
  add_format_flag(exec, "--inputIOFormats", o.input_formats, "Expected of the inputs: fp32:chw,...");
  add_format_flag(exec, "--outputIOFormats", o.output_formats, "Expected of the outputs: fp32:chw,...");
  add_choice(exec, "--profilingVerbosity,--nvtxMode", o.profiling_verbosity, kVerbosityNames,
             "Of the layer information: layer_names_only | detailed | none");
}

void add_loop_flags(CLI::App& exec, LoopOptions& loop) {
  constexpr double kLongestMs = 1e9;
  add_number(exec, "--iterations", loop.iterations, {1, 1'000'000'000}, "Run at least N times");
  add_number(exec, "--duration", loop.duration_s, {0, kLongestMs / 1e3}, "and at least S seconds")
      .type_name("S");
  add_number(exec, "--warmUp", loop.warm_up_ms, {0, kLongestMs}, "Milliseconds to run before timing")
      .type_name("MS");
  add_number(exec, "--sleepTime", loop.sleep_ms, {0, kLongestMs},
             "Milliseconds to wait before the first query")
      .type_name("MS");
  add_number(exec, "--idleTime", loop.idle_ms, {0, kLongestMs}, "Milliseconds to wait between two queries")
      .type_name("MS");
  add_number(exec, "--infStreams,--streams", loop.streams, {1, kMostStreams},
             "Streams that run side by side, each with its share of the threads");
}

void add_inference_flags(CLI::App& exec, ExecOptions& o) {
  start_group(exec, "Inference");
  add_load_inputs(exec, o.load_inputs);
  add_loop_flags(exec, o.loop);
  add_threads_option(exec, o.threads).optional_value();  // a flag of trtexec
  add_flag(exec, "--noDataTransfers", o.no_transfers, "Leave out copying inputs and outputs");
  add_flag(exec, "--skipInference,--buildOnly", o.skip_inference, "Build or load only");
  add_flag(exec, "--timeDeserialize", o.time_deserialize, "Time loading the engine, then stop");
}

void add_report_flags(CLI::App& exec, ExecOptions& o) {
  start_group(exec, "Report");
  add_number(exec, "--avgRuns", o.avg_runs, {1, 1'000'000}, "Queries averaged per line of the trace");
  add_parsed(
      exec, "--percentile", [&o](const std::string& text) { o.percentiles = parse_percentiles(text); },
      "Percentiles to report")
      .default_text("90,95,99")
      .type_name("P,...");
  add_flag(exec, "--dumpProfile", o.dump_profile, "Print the time of every layer");
  add_path(exec, "--exportProfile", o.export_profile, "Write it as JSON");
  add_flag(exec, "--dumpLayerInfo", o.dump_layer_info, "Print the layers; see --profilingVerbosity");
  add_path(exec, "--exportLayerInfo", o.export_layer_info, "Write them as JSON");
  add_flag(exec, "--dumpOutput", o.dump_output, "Print the outputs of the last query");
  add_path(exec, "--exportOutput", o.export_output, "Write them as JSON");
  add_flag(exec, "--dumpRawBindingsToFile", o.dump_raw, "Write inputs and outputs as raw files here");
  add_path(exec, "--exportTimes", o.export_times, "Write the times of every query as JSON");
  add_path(exec, "--exportTrace", o.export_trace, "Write a run as Chrome trace events");
  add_path(exec, "--exportReport", o.export_report, "Write the build and the run as an HTML page");
  add_path(exec, "--json", o.json, "Write the build report as JSON");
  add_flag(exec, "--verbose", o.verbose, "Print why each tactic won or lost, and what the metrics mean");
}

void add_known_flags(CLI::App& exec, std::span<const KnownFlag> flags) {
  start_group(exec, "");  // --help does not list them
  for (const KnownFlag& flag : flags) {
    if (flag.takes_value)
      add_parsed(
          exec, flag.name, [](const std::string&) {}, flag.reason);
    else add_flag(exec, flag.name, flag.reason);
  }
}

bool given(const CLI::App& exec, const KnownFlag& flag) {
  return is_given(exec, std::string(flag.name).substr(0, std::string_view(flag.name).find(',')));
}

std::vector<std::string> given_of(const CLI::App& exec, std::initializer_list<const char*> flags) {
  std::vector<std::string> result;
  for (const char* flag : flags)
    if (is_given(exec, flag)) result.emplace_back(flag);
  return result;
}

}  // namespace

void add_flags(CLI::App& exec, ExecOptions& options) {
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
  for (std::string& note : check_precision_flags(options.precision)) options.notes.push_back(std::move(note));
  options.build_flags = given_of(exec, {"--sparsity",
                                        "--bf16",
                                        "--fp16",
                                        "--int8",
                                        "--best",
                                        "--calib",
                                        "--stronglyTyped",
                                        "--precisionConstraints",
                                        "--layerPrecisions",
                                        "--layerOutputTypes",
                                        "--loadTactics",
                                        "--strictTactics",
                                        "--timingCacheFile",
                                        "--builderOptimizationLevel",
                                        "--avgTiming",
                                        "--maxTactics",
                                        "--tacticSources",
                                        "--minShapes",
                                        "--optShapes",
                                        "--maxShapes"});
  options.run_flags =
      given_of(exec, {"--dumpProfile", "--exportProfile", "--dumpOutput", "--exportOutput",
                      "--dumpRawBindingsToFile", "--exportTimes", "--exportTrace", "--loadInputs"});
}

}  // namespace twofour::cli
