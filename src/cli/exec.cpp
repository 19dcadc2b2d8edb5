// `twofour exec`: builds or loads an engine and times it, in trtexec's manner.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/files.h"
#include "cli/layer_table.h"
#include "cli/parse.h"
#include "cli/timing.h"
#include "twofour/error.h"
#include "twofour/version.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string onnx, save_engine, load_engine, shapes, save_tactics, load_tactics, load_inputs, json;
  std::vector<std::string> build_flags;  // those given that only a build heeds
  Sparsity sparsity = Sparsity::kDisable;
  TimingOptions timing;
  std::string percentiles = "90,95,99";
  int threads = 0;
  bool strict_tactics = false, skip_inference = false, no_transfers = false, dump_profile = false,
       explicit_batch = false;
};

void log_line(char level, std::string_view text) {
  const std::time_t now = std::time(nullptr);
  print_line(fmt::format("[{:%m/%d/%Y-%H:%M:%S}] [{}] {}", fmt::localtime(now), level, text));
}
void info(std::string_view text) { log_line('I', text); }
void warn(std::string_view text) { log_line('W', text); }

double mib(size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// trtexec gives a dimension that is left open the size 1, and says so.
std::map<std::string, Shape> complete_shapes(const Model& model, std::map<std::string, Shape> shapes) {
  for (const auto& [name, shape] : model.default_shapes())
    if (!shapes.contains(name)) {
      info(fmt::format("Input \"{}\" has open dimensions: using {}", name, shape.to_string()));
      shapes[name] = shape;
    }
  return shapes;
}

Engine build(const Options& options) {
  const Model model = Model::load(options.onnx);
  ProgressBar bar("timing tactics");
  BuildOptions build;
  build.sparsity = options.sparsity;
  build.shapes = complete_shapes(model, parse_shapes(options.shapes));
  build.replay_tactics = options.load_tactics;
  build.strict_tactics = options.strict_tactics;
  build.progress = [&](size_t done, size_t total) {
    bar.update(static_cast<int64_t>(done), static_cast<int64_t>(total));
  };
  if (options.sparsity == Sparsity::kForce)
    info("Sparsity is forced: weights are pruned by magnitude without retraining, the accuracy is gone");
  BuiltEngine built = build_engine(model, build);
  bar.hide();
  info(fmt::format("Engine built in {:g} sec.", built.report.build_s));
  info(fmt::format("Created engine with size: {:g} MiB", mib(built.engine.file_bytes())));
  return built.engine;
}

Engine build_or_load(const Options& options) {
  if (options.load_engine.empty() == options.onnx.empty())
    throw Error(ErrorCode::kInvalidArgument, "give --onnx=FILE or --loadEngine=FILE");
  if (!options.load_engine.empty() && !options.save_engine.empty())
    throw Error(ErrorCode::kInvalidArgument, "--loadEngine and --saveEngine exclude each other");
  if (!options.onnx.empty()) return build(options);
  for (const std::string& flag : options.build_flags)
    warn(fmt::format("{} is ignored: the engine is built already", flag));
  const auto start = std::chrono::steady_clock::now();
  Engine engine = Engine::load(options.load_engine);
  info(fmt::format("Engine loaded in {:g} sec.", seconds_since(start)));
  info(fmt::format("Loaded engine size: {:g} MiB", mib(engine.file_bytes())));
  return engine;
}

std::vector<double> column(const Timing& timing, double (*value)(const RunTime&)) {
  std::vector<double> samples;
  for (const RunTime& run : timing.runs) samples.push_back(value(run));
  return samples;
}

void print_summary(const Timing& timing, const std::vector<float>& percentiles) {
  const std::vector<double> compute = column(timing, [](const RunTime& r) { return r.compute_ms; });
  double total_compute_s = 0;
  for (const double ms : compute) total_compute_s += ms / 1e3;
  const auto statistics = [&](const char* name, double (*value)(const RunTime&)) {
    info(fmt::format("{}: {}", name, statistics_text(column(timing, value), percentiles)));
  };
  info("=== Performance summary ===");
  info(fmt::format("Throughput: {:g} qps", timing.throughput_qps()));
  statistics("Latency", [](const RunTime& r) { return r.latency_ms(); });
  // A CPU has no queue: the call that enqueues a run is the run.
  statistics("Enqueue Time", [](const RunTime& r) { return r.compute_ms; });
  statistics("H2D Latency", [](const RunTime& r) { return r.copy_in_ms; });
  statistics("GPU Compute Time", [](const RunTime& r) { return r.compute_ms; });
  statistics("D2H Latency", [](const RunTime& r) { return r.copy_out_ms; });
  info(fmt::format("Total Host Walltime: {:g} s", timing.wall_s));
  info(fmt::format("Total GPU Compute Time: {:g} s", total_compute_s));
  constexpr double kUnstable = 0.025;
  const double variance = coefficient_of_variance(compute);
  if (variance > kUnstable)
    info(
        fmt::format("* GPU compute time is unstable, with coefficient of variance = {:g}%.", variance * 100));
}

std::vector<float> parse_percentiles(const std::string& text) {
  std::vector<float> percentiles = parse_floats(text);
  for (const float p : percentiles)
    if (!(p >= 0 && p <= 100))
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--percentile={}: {} is not between 0 and 100", text, p));
  return percentiles;
}

void measure(const Options& options, const Engine& engine, const Inputs& inputs) {
  const std::vector<float> percentiles = parse_percentiles(options.percentiles);
  TimingOptions timing_options = options.timing;
  timing_options.data_transfers = !options.no_transfers;
  const Timing timing = time_engine(engine, inputs, timing_options);
  info(fmt::format("Warmup completed {} queries over {:g} ms", timing.warm_up_runs,
                   options.timing.warm_up_ms));
  info(fmt::format("Timing trace has {} queries over {:g} s", timing.runs.size(), timing.wall_s));
  print_summary(timing, percentiles);
}

void run_inference(const Options& options, const Engine& engine) {
  info(fmt::format("Created execution context with memory size: {:g} MiB activations, {:g} MiB scratch",
                   mib(engine.arena_bytes()), mib(engine.scratch_bytes())));
  const std::map<std::string, std::string> files = parse_named_files(options.load_inputs);
  const Inputs inputs = load_inputs(engine, files);
  for (const auto& [name, tensor] : inputs)
    info(files.contains(name) ? fmt::format("Using values loaded from {} for input {}", files.at(name), name)
                              : fmt::format("Using random values for input {}", name));
  measure(options, engine, inputs);
  if (!options.dump_profile) return;
  constexpr int kRuns = 20;
  print_line(profile_text(engine.layer_names(), profile_engine(engine, inputs, kRuns), kRuns));
}

void run(const Options& options) {
  if (options.threads) set_threads(options.threads);
  print_line(fmt::format("&&&& RUNNING twofour.exec [twofour v{}] # {}", kVersion, command_line()));
  info(fmt::format("Device: {}, {} threads", device_name(), set_threads(0)));
  const Engine engine = build_or_load(options);
  const BuildReport report = engine.report();
  if (options.sparsity != Sparsity::kDisable || !options.load_engine.empty()) {
    info(fmt::format("[TRT] (Sparsity) Layers eligible for sparse math: {}",
                     fmt::join(report.eligible_layers(), ", ")));
    info(fmt::format("[TRT] (Sparsity) TRT inference plan picked sparse implementation for layers: {}",
                     fmt::join(report.sparse_layers(), ", ")));
  }
  if (!options.save_engine.empty()) engine.save(options.save_engine);
  if (!options.save_tactics.empty()) save_tactics(engine, options.save_tactics);
  if (!options.json.empty()) write_text_file(options.json, report.json());
  print_line(layer_table(report).text());
  if (!options.skip_inference) run_inference(options, engine);
  else if (options.dump_profile) warn("--dumpProfile is ignored: --skipInference runs nothing");
  if (options.explicit_batch)
    info("--explicitBatch is accepted for old scripts: every model has explicit batch");
  print_line(fmt::format("&&&& PASSED twofour.exec [twofour v{}] # {}", kVersion, command_line()));
}

void run_and_report(const Options& options) {
  try {
    run(options);
  } catch (...) {
    print_line(fmt::format("&&&& FAILED twofour.exec [twofour v{}] # {}", kVersion, command_line()));
    throw;
  }
}

}  // namespace

void add_exec(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Options& o = *options;
  CLI::App* exec = app.add_subcommand("exec", "Build or load an engine and time it (trtexec's flags)");
  const std::map<std::string, Sparsity> modes = {
      {"disable", Sparsity::kDisable}, {"enable", Sparsity::kEnable}, {"force", Sparsity::kForce}};
  exec->add_option("--onnx", o.onnx, "Model to build from")->group("Model");
  exec->add_option("--loadEngine", o.load_engine, "Engine to load instead of building")->group("Model");
  exec->add_option("--saveEngine", o.save_engine, "Write the engine here")->group("Model");
  exec->add_option("--shapes", o.shapes, "Sizes of open dimensions: input:1x3x224x224,...")->group("Build");
  exec->add_option("--sparsity", o.sparsity, "disable | enable | force (prunes first; accuracy is lost)")
      ->transform(CLI::CheckedTransformer(modes))
      ->default_str("disable")
      ->group("Build");
  exec->add_option("--saveTactics", o.save_tactics, "Write the chosen tactics as JSON")->group("Build");
  exec->add_option("--loadTactics", o.load_tactics, "Replay the tactics of an earlier build")->group("Build");
  exec->add_flag("--strictTactics", o.strict_tactics, "A layer that the tactics file misses is an error")
      ->group("Build");
  exec->add_flag("--explicitBatch", o.explicit_batch, "Accepted, has no effect")->group("Build");
  exec->add_option("--iterations", o.timing.iterations, "Run at least N times")
      ->capture_default_str()
      ->group("Timing");
  exec->add_option("--duration", o.timing.duration_s, "and at least S seconds")
      ->capture_default_str()
      ->group("Timing");
  exec->add_option("--warmUp", o.timing.warm_up_ms, "Milliseconds to run before timing")
      ->capture_default_str()
      ->group("Timing");
  exec->add_option("--percentile", o.percentiles, "Percentiles to report")
      ->capture_default_str()
      ->group("Timing");
  constexpr int kMostThreads = 1024;
  exec->add_option("--threads", o.threads, "Threads of the kernels; default: all cores")
      ->check(CLI::Range(0, kMostThreads))
      ->group("Timing");
  exec->add_option("--loadInputs", o.load_inputs, "Inputs from raw files: name:file,...; others are random")
      ->group("Timing");
  exec->add_flag("--noDataTransfers", o.no_transfers, "Leave out copying inputs and outputs")
      ->group("Timing");
  exec->add_flag("--skipInference", o.skip_inference, "Build only")->group("Timing");
  exec->add_flag("--dumpProfile", o.dump_profile, "Print the time of every layer")->group("Report");
  exec->add_option("--json", o.json, "Write the build report as JSON")->group("Report");
  exec->callback([options, exec] {
    for (const char* flag : {"--sparsity", "--shapes", "--loadTactics", "--strictTactics"})
      if (exec->count(flag) > 0) options->build_flags.emplace_back(flag);
    run_and_report(*options);
  });
}

}  // namespace twofour::cli
