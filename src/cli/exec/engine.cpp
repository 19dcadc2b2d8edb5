#include "cli/exec/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/console.h"
#include "cli/exec/io_formats.h"
#include "cli/exec/log.h"
#include "cli/exec/shape_profile.h"
#include "cli/exec/tactic_sources.h"
#include "cli/parse.h"
#include "cli/session.h"
#include "cli/timing.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

using Shapes = std::map<std::string, Shape>;

/// Fixed shapes and ranges of the inputs. trtexec gives a dimension that is left open the size 1, and says
/// so.
void set_shapes(const ExecOptions& options, const Shapes& defaults, BuildOptions& build) {
  const ShapeProfile profile =
      parse_shape_profile(options.min_shapes, options.opt_shapes, options.max_shapes);
  std::vector<std::string> open;
  for (const auto& [name, shape] : defaults) open.push_back(name);
  const Shapes opt = expand_wildcards(profile.opt, open);
  const Shapes max = expand_wildcards(profile.max, open);
  for (const auto& [name, min] : expand_wildcards(profile.min, open)) {
    if (min == max.at(name)) build.shapes[name] = min;
    else build.ranges[name] = {min, opt.at(name), max.at(name)};
  }
  for (const auto& [name, shape] : expand_wildcards(parse_shapes(options.shapes), open))
    if (!build.ranges.contains(name)) build.shapes.try_emplace(name, shape);
  for (const auto& [name, shape] : defaults)
    if (!build.ranges.contains(name) && build.shapes.try_emplace(name, shape).second)
      info(fmt::format("Input \"{}\" has open dimensions: using {}", name, shape.to_string()));
}

Shapes run_shapes(const ExecOptions& options, const Engine& engine) {
  std::vector<std::string> names;
  for (const TensorInfo& input : engine.inputs()) names.push_back(input.name);
  Shapes shapes = expand_wildcards(parse_shapes(options.shapes), names);
  if (!options.onnx.empty()) shapes.merge(expand_wildcards(parse_shapes(options.opt_shapes), names));
  return shapes;
}

/// The sizes that stay the same are known when the model is read; an initializer that is given data is an
/// input.
Model load_model(const ExecOptions& options, const BuildOptions& build) {
  LoadOptions load{build.shapes, {}};
  for (const auto& [name, range] : build.ranges) {
    Shape& shape = load.shapes[name] = range.min;
    for (size_t i = 0; i < shape.rank(); ++i)
      if (range.max[i] != range.min[i]) shape[i] = -1;
  }
  for (const auto& [name, file] : parse_named_files(options.load_inputs)) load.kept_inputs.insert(name);
  return Model::load(options.onnx, load);
}

Engine build(const ExecOptions& options) {
  ProgressBar bar("timing tactics");
  BuildOptions build;
  build.sparsity = options.sparsity;
  set_shapes(options, Model::default_shapes(options.onnx), build);
  const Model model = load_model(options, build);
  build.replay_tactics = options.load_tactics;
  build.strict_tactics = options.strict_tactics;
  build.tuning = options.tuning;
  build.tuning.without_tactics = parse_tactic_sources(options.tactic_sources);
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

Engine load(const ExecOptions& options) {
  for (const std::string& flag : options.build_flags)
    warn(fmt::format("{} is ignored: the engine is built already", flag));
  const auto start = Clock::now();
  Engine engine = Engine::load(options.load_engine);
  info(fmt::format("Engine loaded in {:g} sec.", ms_between(start, Clock::now()) / 1e3));
  info(fmt::format("Loaded engine with size: {:g} MiB", mib(engine.file_bytes())));
  return engine;
}

}  // namespace

Engine build_or_load(const ExecOptions& options) {
  if (options.load_engine.empty() == options.onnx.empty())
    throw Error(ErrorCode::kInvalidArgument, "give --onnx=FILE or --loadEngine=FILE");
  if (!options.load_engine.empty() && !options.save_engine.empty())
    throw Error(ErrorCode::kInvalidArgument, "--loadEngine and --saveEngine exclude each other");
  Engine engine = options.onnx.empty() ? load(options) : build(options);
  shaped_inputs(engine, run_shapes(options, engine));
  check_io_formats("--inputIOFormats", options.input_formats, engine.inputs());
  check_io_formats("--outputIOFormats", options.output_formats, engine.outputs());
  return engine;
}

Engine at_run_shapes(const ExecOptions& options, const Engine& engine) {
  const std::vector<TensorInfo> inputs = engine.inputs();
  if (std::ranges::none_of(inputs, &TensorInfo::is_open)) return engine;
  Shapes shapes;
  for (const TensorInfo& input : shaped_inputs(engine, run_shapes(options, engine)))
    shapes[input.name] = input.shape;
  for (const TensorInfo& input : inputs)
    if (input.is_open())
      info(fmt::format("Input \"{}\" takes {} to {}: using {}", input.name, input.min.to_string(),
                       input.max.to_string(), shapes.at(input.name).to_string()));
  return engine.at(shapes);
}

void time_loading(const ExecOptions& options) {
  if (options.load_engine.empty())
    throw Error(ErrorCode::kInvalidArgument, "--timeDeserialize needs --loadEngine");
  constexpr int kRuns = 20;
  std::vector<double> ms;
  for (int i = 0; i < kRuns; ++i) {
    const auto start = Clock::now();
    const Engine engine = Engine::load(options.load_engine);
    ms.push_back(ms_between(start, Clock::now()));
  }
  info(fmt::format("Deserialization time over {} runs: {}", kRuns, statistics_text(ms, {})));
}

}  // namespace twofour::cli
