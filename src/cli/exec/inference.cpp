#include "cli/exec/inference.h"

#include <fmt/format.h>

#include "cli/exec/exports.h"
#include "cli/exec/log.h"
#include "cli/exec/profile.h"
#include "cli/exec/summary.h"
#include "cli/parse.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

double mib(size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void write_if_named(const std::string& path, const std::string& text) {
  if (!path.empty()) write_file_atomic(path, text);
}

void write_raw(const TensorInfo& tensor, const Tensor& values) {
  write_file_atomic(raw_file_name(tensor),
                    {reinterpret_cast<const char*>(values.raw()), values.size_bytes()});
}

Inputs choose_inputs(const ExecOptions& options, const Engine& engine) {
  const std::map<std::string, std::string> files = parse_named_files(options.load_inputs);
  Inputs inputs = load_inputs(engine, files);
  for (const auto& [name, tensor] : inputs)
    info(files.contains(name) ? fmt::format("Using values loaded from {} for input {}", files.at(name), name)
                              : fmt::format("Using random values for input {}", name));
  return inputs;
}

void print_performance(const ExecOptions& options, const Trace& trace,
                       const std::vector<float>& percentiles) {
  for (const LogLine& line :
       performance_lines(trace, {options.loop.warm_up_ms, options.avg_runs, percentiles})) {
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
  for (const TensorInfo& input : engine.inputs()) write_raw(input, inputs.at(input.name));
  for (size_t i = 0; i < infos.size(); ++i) write_raw(infos[i], outputs[i]);
}

void profile(const ExecOptions& options, const Engine& engine, const Inputs& inputs) {
  if (!options.dump_profile && options.export_profile.empty()) return;
  const Trace trace = profile_streams(engine, inputs, options.loop);
  const Profile profile = profile_of(engine.layer_names(), trace);
  if (options.dump_profile) info_lines("\n" + profile_text(profile));
  write_if_named(options.export_profile, profile_json(profile));
}

}  // namespace

void run_inference(const ExecOptions& options, const Engine& engine) {
  const std::vector<float> percentiles = parse_percentiles(options.percentiles);
  info(fmt::format("Created execution context with memory size: {:g} MiB activations, {:g} MiB scratch",
                   mib(engine.arena_bytes()), mib(engine.scratch_bytes())));
  const Inputs inputs = choose_inputs(options, engine);
  LoopOptions loop = options.loop;
  loop.data_transfers = !options.no_transfers;
  const Trace trace = run_streams(engine, inputs, loop);
  print_performance(options, trace, percentiles);
  write_if_named(options.export_times, times_json(trace));
  write_tensors(options, engine, inputs, trace.outputs);
  profile(options, engine, inputs);
}

}  // namespace twofour::cli
