#include "twofour/engine.h"

#include "api/device.h"
#include "api/precision.h"
#include "builder/layer_types.h"
#include "builder/report.h"
#include "builder/specialise.h"
#include "builder/tactics_file.h"
#include "engine/random_inputs.h"

namespace twofour {
namespace {

builder::SparsityMode to_internal(Sparsity sparsity) {
  switch (sparsity) {
    case Sparsity::kDisable: return builder::SparsityMode::kDisable;
    case Sparsity::kForce: return builder::SparsityMode::kForce;
    case Sparsity::kEnable: break;
  }
  return builder::SparsityMode::kEnable;
}

Shape shape_of(const engine::PlanTensor& t) {
  if (!t.is_open()) return t.desc.shape;
  Shape shape;
  for (const engine::DimRange& dim : t.open) shape.push_back(dim.min == dim.max ? dim.min : -1);
  return shape;
}

std::vector<TensorInfo> infos(const engine::Plan& plan, const std::vector<int>& numbers) {
  std::vector<TensorInfo> result;
  for (const int i : numbers) {
    const engine::PlanTensor& t = plan.tensors[static_cast<size_t>(i)];
    const Shape shape = shape_of(t);
    result.push_back({t.name, t.desc.dtype, shape, shape, shape, {}, t.any_rank});
    for (size_t d = 0; d < t.open.size(); ++d) {
      result.back().min[d] = t.open[d].min;
      result.back().max[d] = t.open[d].max;
      result.back().symbols.push_back(t.open[d].symbol);
    }
  }
  return result;
}

builder::InputRanges to_internal(const std::map<std::string, ShapeRange>& ranges) {
  builder::InputRanges result;
  for (const auto& [name, range] : ranges) {
    TWOFOUR_CHECK(range.min.rank() == range.max.rank() && range.opt.rank() == range.min.rank(),
                  kInvalidArgument, "the range of input \"{}\" is {} to {}: their ranks differ", name,
                  range.min.to_string(), range.max.to_string());
    for (size_t i = 0; i < range.min.rank(); ++i) result[name].push_back({range.min[i], range.max[i]});
  }
  return result;
}

LayerTensor to_public(const engine::PlanTensor& t) {
  return {t.name,
          t.desc.dtype,
          shape_of(t),
          std::string(backend::format_name(t.desc.format)),
          t.kind == engine::PlanTensor::Kind::kConstant,
          t.any_rank};
}

std::vector<DType> dtypes_of(const std::vector<LayerTensor>& tensors) {
  std::vector<DType> dtypes;
  for (const LayerTensor& t : tensors) dtypes.push_back(t.dtype);
  return dtypes;
}

LayerInfo to_public(const engine::Plan& plan, const engine::PlanStep& step) {
  LayerInfo layer{step.name, step.op, step.tactic, step.sparse, {}, {}};
  for (const int i : step.inputs)
    if (i >= 0) layer.inputs.push_back(to_public(plan.tensors[static_cast<size_t>(i)]));
  for (const int i : step.outputs) layer.outputs.push_back(to_public(plan.tensors[static_cast<size_t>(i)]));
  layer.precision = builder::precision_of(dtypes_of(layer.inputs), dtypes_of(layer.outputs));
  return layer;
}

}  // namespace

BuiltEngine build_engine(const Model& model, const BuildOptions& options) {
  builder::Options internal;
  internal.sparsity = to_internal(options.sparsity);
  internal.shapes = options.shapes;
  internal.ranges = to_internal(options.ranges);
  for (const auto& [name, range] : options.ranges) internal.shapes[name] = range.opt;
  if (!options.replay_tactics.empty())
    internal.decisions = builder::read_tactics_file(options.replay_tactics, api::device());
  internal.strict_tactics = options.strict_tactics;
  internal.time_tactics = options.tuning.level > 0;
  internal.tuning = options.tuning;
  const std::filesystem::path& cache = options.tuning.timing_cache;
  const auto times = builder::open_timing_cache(cache, api::device());
  internal.times = times;
  internal.progress = options.progress;
  internal.layer_types = options.precision.layers;
  builder::Result result =
      builder::build_fastest(api::precisions_of(model, options), api::device(), std::move(internal));
  builder::keep_timing_cache(times.get(), cache, api::device());
  return {Engine(std::move(result.engine)), std::move(result.report)};
}

void save_tactics(const Engine& engine, const std::filesystem::path& path) {
  builder::write_tactics_file(path, engine.report(), api::device());
}

Engine Engine::load(const std::filesystem::path& path) {
  return Engine(engine::Engine::load(path, api::device()));
}
void Engine::save(const std::filesystem::path& path) const { engine_->save(path); }
Engine::Engine(std::shared_ptr<const engine::Engine> engine)
    : engine_(std::move(engine)),
      specialiser_(std::make_shared<builder::Specialiser>(engine_, api::device())) {}
Engine Engine::at(const std::map<std::string, Shape>& shapes) const {
  api::settle_threads();
  return Engine(specialiser_->at(shapes));
}
Context Engine::context() const { return Context(engine_->create_context()); }
std::vector<TensorInfo> Engine::inputs() const { return infos(engine_->plan(), engine_->plan().inputs); }
std::vector<TensorInfo> Engine::outputs() const { return infos(engine_->plan(), engine_->plan().outputs); }
BuildReport Engine::report() const { return builder::report_from_info(engine_->plan().info); }
std::map<std::string, Tensor> Engine::random_inputs(const std::map<std::string, Shape>& shapes,
                                                    uint64_t seed) const {
  return engine::random_inputs(*engine_, shapes, seed);
}
size_t Engine::file_bytes() const { return engine_->file_bytes(); }
size_t Engine::arena_bytes() const { return engine_->plan().arena_bytes; }
size_t Engine::scratch_bytes() const { return engine_->scratch_bytes(); }

std::vector<std::string> Engine::layer_names() const {
  std::vector<std::string> names;
  for (const engine::PlanStep& step : engine_->plan().steps) names.push_back(step.name);
  return names;
}

std::vector<LayerInfo> Engine::layers() const {
  std::vector<LayerInfo> layers;
  for (const engine::PlanStep& step : engine_->plan().steps)
    layers.push_back(to_public(engine_->plan(), step));
  return layers;
}

size_t Engine::weights_bytes() const {
  size_t bytes = 0;
  for (const Tensor& section : engine_->sections()) bytes += section.size_bytes();
  return bytes;
}

void Context::bind(std::string_view name, Tensor tensor) { context_->bind(name, std::move(tensor)); }
Tensor Context::tensor(std::string_view name) const { return context_->tensor(name); }

void Context::run() {
  api::settle_threads();
  context_->run();
}

void Context::run_profiled(std::vector<double>& layer_us) {
  api::settle_threads();
  layer_us.resize(context_->engine().plan().steps.size());
  context_->run_profiled(layer_us);
}

}  // namespace twofour
