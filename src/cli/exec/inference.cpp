#include "cli/exec/inference.h"

#include <fmt/format.h>

#include "cli/exec/chrome_trace.h"
#include "cli/exec/exports.h"
#include "cli/exec/log.h"
#include "cli/exec/tensor_export.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

void write_raw(const std::string& name, size_t number, const Tensor& values) {
  write_file_atomic(raw_file_name(name, number, values),
                    {reinterpret_cast<const char*>(values.raw()), values.size_bytes()});
}

Inputs choose_inputs(const InputFiles& files, const Engine& engine) {
  Inputs inputs = load_inputs(engine, files);
  for (const auto& [name, tensor] : inputs)
    info(files.contains(name) ? fmt::format("Using values loaded from {} for input {}", files.at(name), name)
                              : fmt::format("Using random values for input {}", name));
  return inputs;
}

void print_lines(const std::vector<LogLine>& lines) {
  for (const LogLine& line : lines) {
    if (line.level == 'I') info(line.text);
    else if (line.level == 'W') warn(line.text);
    else verbose(line.text);
  }
}

void write_tensors(const ExecOptions& options, const Engine& engine, const Inputs& inputs,
                   const std::vector<Tensor>& outputs) {
  const std::vector<TensorInfo> infos = engine.outputs();
  if (options.dump_output) info_lines("Output Tensors:\n" + tensors_text(infos, outputs));
  if (!options.export_output.empty()) write_file_atomic(options.export_output, tensors_json(infos, outputs));
  if (!options.dump_raw) return;
  size_t number = 0;
  for (const TensorInfo& input : engine.inputs()) write_raw(input.name, number++, inputs.at(input.name));
  for (size_t i = 0; i < infos.size(); ++i) write_raw(infos[i].name, number++, outputs[i]);
}

std::optional<Profile> profile(const ExecOptions& options, const Engine& engine, const Inputs& inputs,
                               bool timing_only) {
  const bool wanted = options.dump_profile || !options.export_profile.empty() ||
                      !options.export_trace.empty() || !options.export_report.empty();
  if (!wanted) return std::nullopt;
  const Trace trace = profile_streams(engine, inputs, options.loop);
  Profile profile = profile_of(engine.layer_names(), trace);
  if (options.dump_profile && timing_only) warn(kTimingOnly);
  if (options.dump_profile) info_lines("\n" + profile_text(profile));
  if (!options.export_profile.empty()) write_file_atomic(options.export_profile, profile_json(profile));
  constexpr size_t kTracedQueries = 50;  // of each stream
  if (!options.export_trace.empty())
    write_file_atomic(options.export_trace, chrome_trace_json(engine.layers(), trace, kTracedQueries));
  return profile;
}

}  // namespace

RunResult run_inference(const ExecOptions& options, const Engine& engine, bool timing_only) {
  info(fmt::format("Created execution context with memory size: {:g} MiB activations, {:g} MiB scratch",
                   mib(engine.arena_bytes()), mib(engine.scratch_bytes())));
  const Inputs inputs = choose_inputs(options.load_inputs, engine);
  const Trace trace = run_with_note(random_inputs_note(inputs, options.load_inputs),
                                    [&] { return run_streams(engine, inputs, options.loop); });
  const SummaryOptions summary{options.loop.warm_up_ms, options.avg_runs, options.percentiles, timing_only};
  RunResult result{performance_lines(trace, summary), {}};
  print_lines(result.performance);
  if (!options.export_times.empty()) write_file_atomic(options.export_times, times_json(trace));
  write_tensors(options, engine, inputs, trace.outputs);
  result.profile = profile(options, engine, inputs, timing_only);
  return result;
}

}  // namespace twofour::cli
