#include "cli/exec/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/console.h"
#include "cli/exec/io_formats.h"
#include "cli/exec/log.h"
#include "cli/exec/shape_profile.h"
#include "cli/session.h"
#include "cli/timing.h"

namespace twofour::cli {
namespace {

/// Fixed shapes and ranges of the inputs. trtexec gives a dimension that is left open the size 1, and says
/// so; here it is the size of a dimension of the same name, where one is given.
void set_shapes(const ExecOptions& options, const std::vector<TensorInfo>& inputs, BuildOptions& build) {
  const std::vector<std::string> open = names_of_open(inputs);
  const Shapes shapes = expand_wildcards(options.shapes, open);
  ShapeProfile profile =
      complete_profile(expand_wildcards(options.min_shapes, open), expand_wildcards(options.opt_shapes, open),
                       expand_wildcards(options.max_shapes, open));
  Shapes given = profile.opt;
  given.insert(shapes.begin(), shapes.end());
  for (const std::string& note : profile.notes) info(note);
  for (Shapes* side : {&profile.min, &profile.opt, &profile.max}) {
    side->insert(shapes.begin(), shapes.end());
    *side = with_default_shapes(inputs, *side);
  }
  for (const auto& [name, min] : profile.min) {
    const Shape &opt = profile.opt.at(name), &max = profile.max.at(name);
    if (min == max) build.shapes[name] = min;
    else build.ranges[name] = {min, opt, max};
    if (!given.contains(name))
      info(fmt::format("Input \"{}\" has open dimensions: using {}", name, opt.to_string()));
  }
}

/// Of `shapes` those of `inputs`: elements of a sequence have names that only the model's reader knows.
Shapes known_of(const std::vector<TensorInfo>& inputs, const Shapes& shapes) {
  Shapes known;
  for (const auto& [name, shape] : shapes) {
    check_spelling(inputs, name);
    if (std::ranges::find(inputs, name, &TensorInfo::name) != inputs.end()) known[name] = shape;
  }
  return known;
}

/// The inputs of the engine that `build` makes of a model with these. Throws as shaped_inputs() does.
std::vector<TensorInfo> engine_inputs(const std::vector<TensorInfo>& model, const BuildOptions& build) {
  Shapes min = build.shapes, max = build.shapes;
  for (const auto& [name, range] : build.ranges) {
    min[name] = range.min;
    max[name] = range.max;
  }
  std::vector<TensorInfo> inputs = shaped_inputs(model, known_of(model, max));
  const std::vector<TensorInfo> least = shaped_inputs(model, known_of(model, min));
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].min = least[i].shape;
    inputs[i].max = inputs[i].shape;
    for (size_t d = 0; d < inputs[i].shape.rank(); ++d)
      if (inputs[i].min[d] != inputs[i].max[d]) inputs[i].shape[d] = -1;
  }
  return inputs;
}

/// The shapes to run at, which --loadInputs has to fit as the formats have to fit the borders.
Shapes check_run(const ExecOptions& options, const std::vector<TensorInfo>& inputs,
                 const std::vector<TensorInfo>& outputs, const Shapes& wanted) {
  const std::vector<TensorInfo> shaped = shaped_inputs(inputs, wanted);
  check_input_files(shaped, options.load_inputs);
  check_io_formats("--inputIOFormats", options.input_formats, inputs);
  check_io_formats("--outputIOFormats", options.output_formats, outputs);
  Shapes shapes;
  for (const TensorInfo& input : shaped) shapes[input.name] = input.shape;
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
  for (const auto& [name, file] : options.load_inputs) load.kept_inputs.insert(name);
  return Model::load(options.onnx, load);
}

ReadyEngine build(const ExecOptions& options) {
  const std::vector<TensorInfo> inputs = Model::input_infos(options.onnx);
  BuildOptions build;
  build.sparsity = options.sparsity;
  set_shapes(options, inputs, build);
  engine_inputs(inputs, build);
  const Model model = load_model(options, build);
  Shapes wanted = expand_wildcards(options.shapes, names_of_open(inputs));
  for (const auto& [name, range] : build.ranges) wanted.try_emplace(name, range.opt);
  const Shapes shapes =
      check_run(options, engine_inputs(model.input_infos(), build), model.output_infos(), wanted);
  build.replay_tactics = options.load_tactics;
  build.strict_tactics = options.strict_tactics;
  build.tuning = options.tuning;
  build.precision = precision_options(options.precision, model, shapes);
  ProgressBar bar("timing tactics");
  build.progress = [&](size_t done, size_t total) {
    bar.update(static_cast<int64_t>(done), static_cast<int64_t>(total));
  };
  if (options.sparsity == Sparsity::kForce)
    info("Sparsity is forced: weights are pruned by magnitude without retraining, the accuracy is gone");
  BuiltEngine built = build_engine(model, build);
  bar.hide();
  info(fmt::format("Engine built in {:g} sec.", built.report.build_s));
  info(fmt::format("Created engine with size: {:g} MiB", mib(built.engine.file_bytes())));
  return {std::move(built.engine), shapes};
}

ReadyEngine load(const ExecOptions& options) {
  for (const std::string& flag : options.build_flags)
    warn(fmt::format("{} is ignored: the engine is built already", flag));
  const auto start = Clock::now();
  Engine engine = Engine::load(options.load_engine);
  info(fmt::format("Engine loaded in {:g} sec.", ms_between(start, Clock::now()) / 1e3));
  info(fmt::format("Loaded engine with size: {:g} MiB", mib(engine.file_bytes())));
  const Shapes wanted = expand_wildcards(options.shapes, names_of(engine.inputs()));
  Shapes shapes = check_run(options, engine.inputs(), engine.outputs(), wanted);
  return {std::move(engine), std::move(shapes)};
}

}  // namespace

ReadyEngine build_or_load(const ExecOptions& options) {
  return options.onnx.empty() ? load(options) : build(options);
}

Engine at_run_shapes(const ReadyEngine& ready) {
  const std::vector<TensorInfo> inputs = ready.engine.inputs();
  if (std::ranges::none_of(inputs, &TensorInfo::is_open)) return ready.engine;
  for (const TensorInfo& input : inputs)
    if (input.is_open())
      info(fmt::format("Input \"{}\" takes {} to {}: using {}", input.name, input.min.to_string(),
                       input.max.to_string(), ready.shapes.at(input.name).to_string()));
  return ready.engine.at(ready.shapes);
}

void time_loading(const ExecOptions& options) {
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
