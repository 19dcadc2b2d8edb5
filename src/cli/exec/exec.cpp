// `twofour exec`: builds or loads an engine and times it, in trtexec's manner.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/exec/engine.h"
#include "cli/exec/exports.h"
#include "cli/exec/help.h"
#include "cli/exec/inference.h"
#include "cli/exec/log.h"
#include "cli/exec/reference_share.h"
#include "cli/exec/report_page.h"
#include "cli/file_flags.h"
#include "cli/layer_table.h"
#include "twofour/error.h"
#include "twofour/files.h"
#include "twofour/version.h"

namespace twofour::cli {
namespace {

/// "&&&& PASSED twofour.exec [twofour v0.1.0] # command line"; called as trtexec, the first name is
/// TensorRT.trtexec, which scripts look for.
void banner(std::string_view state) {
  const std::string_view name = program_name() == "trtexec" ? "TensorRT.trtexec" : "twofour.exec";
  print_line(fmt::format("&&&& {} {} [twofour v{}] # {}", state, name, kVersion, command_line()));
}

void print_sparsity(const BuildReport& report) {
  info(fmt::format("[TRT] (Sparsity) Layers eligible for sparse math: {}",
                   fmt::join(report.eligible_layers(), ", ")));
  info(fmt::format("[TRT] (Sparsity) TRT inference plan picked sparse implementation for layers: {}",
                   fmt::join(report.sparse_layers(), ", ")));
  if (const std::string trial = report.trial.summary(); !trial.empty()) info(trial);
}

void print_precision(const BuildReport& report) {
  for (const std::string& line : report.precision_trial.summary()) info(line);
  if (const std::string layers = report.precision_summary(); !layers.empty()) info(layers);
  if (report.timing_only) warn(kTimingOnly);
}

void report_engine(const ExecOptions& options, const Engine& engine, const BuildReport& report) {
  if (options.sparsity != Sparsity::kDisable || !options.load_engine.empty()) print_sparsity(report);
  print_precision(report);
  if (!options.save_engine.empty()) engine.save(options.save_engine);
  if (!options.save_tactics.empty()) save_tactics(engine, options.save_tactics);
  if (!options.json.empty()) write_file_atomic(options.json, report.json());
  print_line(layer_table(report).text());
  if (const std::string slow = reference_share_text(report); !slow.empty()) warn(slow);
  verbose_lines(candidate_table(report).text());
  if (options.dump_layer_info)
    info_lines("Layer Information:\n" + layers_text(engine, options.profiling_verbosity));
  if (!options.export_layer_info.empty())
    write_file_atomic(options.export_layer_info, layers_json(engine, options.profiling_verbosity));
}

std::string device_text() { return fmt::format("{}, {} threads", device_name(), set_threads(0)); }

void write_report(const ExecOptions& options, const Engine& engine, BuildReport build, RunResult result) {
  const ReportContent content{.source = options.onnx.empty() ? options.load_engine : options.onnx,
                              .device = device_text(),
                              .file_bytes = engine.file_bytes(),
                              .build = std::move(build),
                              .layers = engine.layers(),
                              .performance = std::move(result.performance),
                              .profile = std::move(result.profile)};
  write_file_atomic(options.export_report, report_page(content));
}

/// What can be known of the flags and their files before a model is read.
void check(const ExecOptions& options) {
  if (options.time_deserialize && options.load_engine.empty())
    throw Error(ErrorCode::kInvalidArgument, "--timeDeserialize needs --loadEngine");
  if (options.load_engine.empty() && options.onnx.empty())
    throw Error(ErrorCode::kInvalidArgument, "give --onnx=FILE or --loadEngine=FILE");
  if (!options.load_engine.empty() && !options.onnx.empty())
    throw Error(ErrorCode::kInvalidArgument, "--onnx and --loadEngine exclude each other");
  if (!options.load_engine.empty() && !options.save_engine.empty())
    throw Error(ErrorCode::kInvalidArgument, "--loadEngine and --saveEngine exclude each other");
  std::vector<FileFlag> read = {{"--onnx", options.onnx},
                                {"--loadEngine", options.load_engine},
                                {"--calib", options.precision.calib_file()}};
  for (const auto& [name, path] : options.load_inputs) read.push_back({"--loadInputs", path});
  std::vector<FileFlag> written = {{"--saveEngine", options.save_engine},
                                   {"--json", options.json},
                                   {"--exportProfile", options.export_profile},
                                   {"--exportLayerInfo", options.export_layer_info},
                                   {"--exportOutput", options.export_output},
                                   {"--exportTimes", options.export_times},
                                   {"--exportTrace", options.export_trace},
                                   {"--exportReport", options.export_report},
                                   {"--timingCacheFile", options.tuning.timing_cache}};
  check_readable({"--loadTactics", options.load_tactics});
  check_apart({"--loadTactics", options.load_tactics}, written);
  written.push_back({"--saveTactics", options.save_tactics});  // may overwrite --loadTactics
  check_files(read, written);
  if (options.dump_raw) check_writable({{"--dumpRawBindingsToFile", "input.raw"}});
}

void run(const ExecOptions& options) {
  info("Device: " + device_text());
  for (const std::string& note : options.notes) info(note);
  check(options);
  if (options.time_deserialize) return time_loading(options);
  const ReadyEngine built = build_or_load(options);
  const Engine& engine = built.engine;
  const BuildReport report = engine.report();
  report_engine(options, engine, report);
  const Engine ready = options.skip_inference ? engine : at_run_shapes(built);
  RunResult result;
  if (!options.skip_inference) result = run_inference(options, ready, report.timing_only);
  for (const std::string& flag : options.run_flags)
    if (options.skip_inference) warn(fmt::format("{} is ignored: --skipInference runs nothing", flag));
  if (!options.export_report.empty()) write_report(options, ready, report, std::move(result));
}

void run_with_banner(const CLI::App& exec, ExecOptions& options) {
  set_threads(options.threads);
  log_as_trtexec(options.verbose);
  banner("RUNNING");
  try {
    settle_flags(exec, options);
    run(options);
  } catch (...) {
    banner("FAILED");
    throw;
  }
  banner("PASSED");
}

}  // namespace

void add_exec(CLI::App& app) {
  auto options = std::make_shared<ExecOptions>();
  auto topic = std::make_shared<std::string>();
  CLI::App& exec = add_command(app, "exec", "Build or load an engine and time it (trtexec's flags)",
                               [options, topic](const CLI::App& command) {
                                 if (is_given(command, "--help")) print_line(topic_help(command, *topic));
                                 else run_with_banner(command, *options);
                               });
  add_flags(exec, *options);
  add_topic_help(exec, *topic);
}

}  // namespace twofour::cli
