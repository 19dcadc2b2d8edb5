#include "cli/exec/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

double mib(size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

Shapes requested_shapes(const ExecOptions& options) {
  const ShapeProfile profile =
      parse_shape_profile(options.min_shapes, options.opt_shapes, options.max_shapes);
  if (!profile.fixed())
    throw Error(ErrorCode::kUnsupported,
                "an engine runs at one shape per input: --minShapes and --maxShapes must be equal");
  const Shapes shapes = parse_shapes(options.shapes);
  for (const auto& [name, shape] : shapes)
    if (profile.opt.contains(name) && profile.opt.at(name) != shape)
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--shapes gives input \"{}\" as {}, --optShapes as {}", name, shape.to_string(),
                              profile.opt.at(name).to_string()));
  Shapes all = profile.opt;
  all.insert(shapes.begin(), shapes.end());
  return all;
}

// trtexec gives a dimension that is left open the size 1, and says so.
Shapes complete_shapes(const Model& model, const Shapes& requested) {
  const Shapes defaults = model.default_shapes();
  std::vector<std::string> open;
  for (const auto& [name, shape] : defaults) open.push_back(name);
  Shapes shapes = expand_wildcards(requested, open);
  for (const auto& [name, shape] : defaults)
    if (shapes.try_emplace(name, shape).second)
      info(fmt::format("Input \"{}\" has open dimensions: using {}", name, shape.to_string()));
  return shapes;
}

Engine build(const ExecOptions& options) {
  const Shapes requested = requested_shapes(options);
  const Model model = Model::load(options.onnx);
  ProgressBar bar("timing tactics");
  BuildOptions build;
  build.sparsity = options.sparsity;
  build.shapes = complete_shapes(model, requested);
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

void check_shapes(const Engine& engine, const Shapes& requested) {
  std::vector<std::string> names;
  for (const TensorInfo& input : engine.inputs()) names.push_back(input.name);
  const Shapes shapes = expand_wildcards(requested, names);
  for (const auto& [name, shape] : shapes) {
    const std::vector<TensorInfo> inputs = engine.inputs();
    const auto it = std::ranges::find(inputs, name, &TensorInfo::name);
    if (it == inputs.end())
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("--shapes: the engine has no input \"{}\"; it has: {}", name, fmt::join(names, ", ")));
    if (it->shape != shape)
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--shapes: the engine was built for input \"{}\" as {}, got {}", name,
                              it->shape.to_string(), shape.to_string()));
  }
}

Engine load(const ExecOptions& options) {
  for (const std::string& flag : options.build_flags)
    warn(fmt::format("{} is ignored: the engine is built already", flag));
  const auto start = Clock::now();
  Engine engine = Engine::load(options.load_engine);
  info(fmt::format("Engine loaded in {:g} sec.", ms_between(start, Clock::now()) / 1e3));
  info(fmt::format("Loaded engine with size: {:g} MiB", mib(engine.file_bytes())));
  check_shapes(engine, parse_shapes(options.shapes));
  return engine;
}

}  // namespace

Engine build_or_load(const ExecOptions& options) {
  if (options.load_engine.empty() == options.onnx.empty())
    throw Error(ErrorCode::kInvalidArgument, "give --onnx=FILE or --loadEngine=FILE");
  if (!options.load_engine.empty() && !options.save_engine.empty())
    throw Error(ErrorCode::kInvalidArgument, "--loadEngine and --saveEngine exclude each other");
  Engine engine = options.onnx.empty() ? load(options) : build(options);
  check_io_formats("--inputIOFormats", options.input_formats, engine.inputs());
  check_io_formats("--outputIOFormats", options.output_formats, engine.outputs());
  return engine;
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
