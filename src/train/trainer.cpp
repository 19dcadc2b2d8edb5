#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ranges>
#include <set>

#include "base/log.h"
#include "base/parallel.h"
#include "builder/builder.h"
#include "ir/hash.h"
#include "sparsity/training_masks.h"
#include "train/class_names.h"
#include "train/constants.h"
#include "train/inference_form.h"
#include "train/open_batch.h"
#include "train/prepare.h"
#include "train/recipe.h"

namespace twofour::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

LossScaling default_scaling(Precision precision) {
  return precision == Precision::kF16 ? LossScaling::dynamic() : LossScaling::none();
}

builder::Options build_options(const TrainingStep& step, bool time_tactics) {
  return {.sparsity = builder::SparsityMode::kDisable,
          .donations = step.donations(),
          .time_tactics = time_tactics,
          .optimise = false};
}

StepMemory memory_of(const engine::Engine& engine) {
  return {.activation_bytes = engine.plan().arena_bytes, .scratch_bytes = engine.scratch_bytes()};
}

StepOptions step_options(const TrainerOptions& options, Precision precision, const LossScaling& scaling,
                         const data::Loader& loader, const OptimizerState& optimizer) {
  StepOptions result{.batch_size = loader.options().batch_size,
                     .image_shape = loader.dataset().image_shape(),
                     .precision = precision,
                     .deny_half = options.deny_half,
                     .label_smoothing = options.label_smoothing,
                     .update = {.sgd = optimizer.sgd, .scaling = scaling, .clip_norm = options.clip_norm}};
  for (const auto& [name, mask] : optimizer.masks) result.masked.insert(name);
  return result;
}

/// Marks what stays 2:4: the weights that have a mask or are frozen. Says which lose their pattern.
void mark_masked(Graph& model, const OptimizerState& optimizer) {
  std::vector<sparsity::SparsePattern> marks = sparsity::find_patterns(model);
  std::vector<std::string> lost;
  std::erase_if(marks, [&](const auto& mark) {
    const bool changes = model.find_value(mark.weight)->trainable() && !optimizer.masks.contains(mark.weight);
    if (changes) lost.push_back(mark.weight);
    return changes;
  });
  if (!lost.empty())
    log_warning(
        "2:4 now and dense after training, since they have no mask (--sparse=auto or keep_sparsity() gives "
        "one): {}",
        fmt::join(lost, ", "));
  sparsity::write_metadata(model, marks);
}

/// What the model must be before a step is made from it, and after.
void adapt(Graph& model, int64_t batch_size) {
  to_inference_form(model);
  widen_weights(model);
  open_batch(model, batch_size);
  unshare_norms(model);
}

void check_finite(const Graph& model) {
  for (const auto& value : model.values()) {
    if (!value->is_constant() || !value->trainable() || value->dtype() != DType::kF32) continue;
    const auto data = value->data().span<float>();
    const auto bad = std::ranges::find_if_not(data, [](float v) { return std::isfinite(v); });
    TWOFOUR_CHECK(bad == data.end(), kFailedPrecondition,
                  "weight \"{}\" of the model has the value {}: there is no loss to begin with",
                  value->name(), *bad);
  }
}

/// Of the network apart from the values that training changes.
std::string network_hash(const Graph& model, const TrainingStep& step) {
  Graph network = model.clone();
  for (const StateTensor& tensor : step.state)
    if (tensor.kind == StateTensor::Kind::kParameter || tensor.kind == StateTensor::Kind::kStatistic)
      promote_to_input(network, network.find_value(tensor.name));
  return fmt::format("{:016x}", hash_graph(network));
}

void check_optimizer(const OptimizerState& optimizer, const TrainingStep& step) {
  for (const auto& momentum : optimizer.momentum)
    TWOFOUR_CHECK(
        std::ranges::any_of(step.state, [&](const StateTensor& s) { return s.name == momentum.first; }),
        kInvalidArgument, "momentum \"{}\" belongs to no parameter of the model", momentum.first);
}

}  // namespace

std::string lacks_precision(Precision wanted, const backend::Backend& backend) {
  if (wanted == Precision::kF32) return "";
  const backend::Support support = backend.native_half(precision_dtype(wanted));
  return support ? "" : fmt::format("{} has no suitable hardware: {}", backend.device(), support.to_string());
}

PrecisionChoice choose_precision(Precision wanted, bool force_half, const backend::Backend& backend) {
  const std::string lack = force_half ? "" : lacks_precision(wanted, backend);
  if (lack.empty()) return {wanted, ""};
  PrecisionChoice choice{Precision::kF32, fmt::format("{} asked for, training in fp32: {}",
                                                      name_of(kPrecisionNames, wanted), lack)};
  log_warning("{}", choice.note);
  return choice;
}

Trainer::Trainer(Graph model, const backend::Backend& backend, std::shared_ptr<data::Loader> loader,
                 const TrainerOptions& options, OptimizerState optimizer)
    : model_(std::move(model)),
      backend_(backend),
      loader_(std::move(loader)),
      options_(options),
      sgd_(optimizer.sgd),
      precision_(choose_precision(options.precision, options.force_half, backend)),
      scaling_(options.loss_scaling.value_or(default_scaling(precision_.used))) {
  check(options_.schedule);
  adapt(model_, batch_size());
  check_finite(model_);
  apply_masks(model_, optimizer);
  mark_masked(model_, optimizer);
  write_class_names(model_, loader_->dataset().class_names());
  step_ = make_step(model_, step_options(options_, precision_.used, scaling_, *loader_, optimizer));
  network_ = network_hash(model_, step_);
  const int64_t classes = loader_->dataset().num_classes();
  TWOFOUR_CHECK(classes <= step_.num_classes, kInvalidArgument,
                "the data has {} classes, the model gives {} scores", classes, step_.num_classes);
  check_optimizer(optimizer, step_);
  create_state(optimizer);
  if (options_.resume_from.empty()) build_step({});
  else restore(load_checkpoint(options_.resume_from));
  bind_state();
  loader_->seek(position_.epoch, position_.batch);
}

Tensor Trainer::initial_value(const StateTensor& tensor, const OptimizerState& optimizer) const {
  switch (tensor.kind) {
    case StateTensor::Kind::kLossScale: return Tensor::scalar(static_cast<float>(scaling_.init_scale));
    case StateTensor::Kind::kTracker: return Tensor(DType::kI32, {});
    case StateTensor::Kind::kParameter:
    case StateTensor::Kind::kStatistic: return model_.find_value(tensor.name)->data().clone();
    case StateTensor::Kind::kMomentum: break;
  }
  const Shape& shape = model_.find_value(tensor.name)->data().shape();
  const auto it = optimizer.momentum.find(tensor.name);
  if (it == optimizer.momentum.end()) return Tensor(DType::kF32, shape);
  TWOFOUR_CHECK(it->second.dtype() == DType::kF32 && it->second.shape() == shape, kInvalidArgument,
                "momentum of \"{}\" is {}[{}], expected f32[{}]", tensor.name, dtype_name(it->second.dtype()),
                it->second.shape().to_string(), shape.to_string());
  return it->second.clone();
}

void Trainer::create_state(const OptimizerState& optimizer) {
  for (const StateTensor& tensor : step_.state) tensors_[tensor.input] = initial_value(tensor, optimizer);
  for (const auto& [name, input] : step_.masks) tensors_[input] = optimizer.masks.at(name).clone();
  if (scaling_.mode == LossScaling::Mode::kStatic)
    tensors_[step_.loss_scale] = Tensor::scalar(static_cast<float>(scaling_.init_scale));
}

// The bits of a step depend on its tactics: a resumed run takes those of the checkpoint where it can.
void Trainer::build_step(const std::string& tactics) {
  builder::Options options = build_options(step_, options_.time_tactics);
  options.times = builder::open_timing_cache(options_.timing_cache, backend_);
  const auto build = [&] {
    builder::Result result = builder::build(step_.graph.clone(), backend_, options);
    builder::keep_timing_cache(options.times.get(), options_.timing_cache, backend_);
    tactics_ = builder::tactics_text(result.report, backend_);
    context_ = result.engine->create_context();
  };
  if (tactics.empty()) return build();
  try {
    options.strict_tactics = true;
    options.decisions = builder::parse_tactics(tactics, options_.resume_from.string(), backend_);
    build();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kFailedPrecondition && error.code() != ErrorCode::kNotFound) throw;
    log_warning("the run goes on, but not bit for bit: {}", error.what());
    options.strict_tactics = false;
    options.decisions = {};
    build();
  }
}

void Trainer::bind_state() {
  for (const auto& [input, tensor] : tensors_) context_->bind(input, tensor);
  context_->bind(step_.lr, lr_);
}

float Trainer::scalar(const std::string& output) const { return context_->tensor(output).span<float>()[0]; }

double Trainer::loss_scale() const {
  return step_.loss_scale.empty() ? 0 : double{tensors_.at(step_.loss_scale).span<float>()[0]};
}

StepResult Trainer::step() {
  const auto start = Clock::now();
  const data::Batch batch = loader_->next();
  TWOFOUR_CHECK(
      batch.size() == batch_size(), kInvalidArgument,
      "batch {} of epoch {} has {} images, the step was built for {}: let the loader drop the last batch",
      batch.index, batch.epoch, batch.size(), batch_size());
  StepResult result{.step = position_.step,
                    .lr = learning_rate(options_.schedule, sgd_.lr, position_.step),
                    .loss_scale = loss_scale()};
  lr_.span<float>()[0] = static_cast<float>(result.lr);
  context_->bind(step_.images, batch.images);
  context_->bind(step_.labels, batch.labels);
  context_->run();
  result.loss = scalar(step_.loss);
  result.correct = std::lround(scalar(step_.correct));
  result.skipped = !step_.nonfinite.empty() && scalar(step_.nonfinite) != 0;
  account(result, batch, seconds_since(start));
  check_divergence(result);
  return result;
}

void Trainer::account(const StepResult& result, const data::Batch& batch, double time_s) {
  if (batch.epoch != position_.epoch) position_.totals = {};
  position_.epoch = batch.epoch;
  position_.batch = batch.index + 1;
  position_.skips_in_a_row = result.skipped ? position_.skips_in_a_row + 1 : 0;
  ++position_.step;

  EpochTotals& totals = position_.totals;
  if (std::isfinite(result.loss)) {
    totals.loss_sum += result.loss;
    ++totals.loss_steps;
  }
  totals.correct += result.correct;
  totals.images += batch.size();
  totals.skipped_steps += result.skipped;
  totals.time_s += time_s;
}

std::string Trainer::first_nonfinite() const {
  // The backward pass meets the last parameters first.
  for (const StateTensor& tensor : std::views::reverse(step_.state)) {
    const auto it = step_.nonfinite_gradients.find(tensor.name);
    if (it != step_.nonfinite_gradients.end() && scalar(it->second) != 0)
      return fmt::format("; the first gradient that is not finite is that of \"{}\"", tensor.name);
  }
  return "";
}

void Trainer::check_divergence(const StepResult& result) const {
  const bool dynamic = scaling_.mode == LossScaling::Mode::kDynamic;
  if (dynamic && result.loss_scale > scaling_.min_scale) return;
  const std::string floor =
      dynamic ? fmt::format(" with the loss scale at its floor of {}", scaling_.min_scale) : "";
  TWOFOUR_CHECK(std::isfinite(result.loss), kFailedPrecondition,
                "training has diverged: the loss of step {} is {}{} (learning rate {}){}", result.step,
                result.loss, floor, result.lr, first_nonfinite());
  TWOFOUR_CHECK(
      position_.skips_in_a_row < kMaxSkipsAtFloor, kFailedPrecondition,
      "training does not go on: {} steps in a row had gradients that are not finite{} (loss scale {}){}",
      position_.skips_in_a_row, floor, result.loss_scale, first_nonfinite());
}

EpochRecord Trainer::train_epoch(const ProgressCallback& progress) {
  check_all_named(loader_->dataset().class_names(), step_.num_classes);
  const int64_t batches = loader_->batches_per_epoch();
  StepResult result;
  do {
    result = step();
    if (progress)
      progress({.step = result,
                .epoch = position_.epoch,
                .batches_done = position_.batch,
                .batches = batches,
                .totals = position_.totals});
  } while (position_.batch < batches);
  TWOFOUR_CHECK(position_.totals.loss_steps > 0, kFailedPrecondition,
                "training has no loss: none of the {} steps of epoch {} gave a finite one{}", position_.batch,
                position_.epoch + 1, first_nonfinite());
  finish_epoch(result.lr);
  return position_.history.back();
}

void Trainer::finish_epoch(double lr) {
  const EpochTotals& totals = position_.totals;
  position_.history.push_back({.epoch = position_.epoch,
                               .loss = totals.loss(),
                               .accuracy = totals.accuracy(),
                               .lr = lr,
                               .loss_scale = loss_scale(),
                               .images_per_s = totals.images_per_s(),
                               .skipped_steps = totals.skipped_steps,
                               .test_accuracy = std::nullopt});
  position_.totals = {};
  ++position_.epoch;
  position_.batch = 0;
}

void Trainer::check_evaluation(const data::Loader& test) const {
  build_evaluation(model(), backend_, test, test.options().batch_size);
}

std::string Trainer::describe_constants() const {
  std::set<std::string> trained;
  for (const StateTensor& tensor : step_.state)
    if (tensor.kind == StateTensor::Kind::kParameter) trained.insert(tensor.name);
  return train::describe_constants(model_, trained);
}

Evaluation Trainer::evaluate(data::Loader& test, const EvaluateFn& progress) {
  const Evaluation result = train::evaluate(model(), backend_, test, test.options().batch_size, progress);
  if (!position_.history.empty()) position_.history.back().test_accuracy = result.accuracy();
  return result;
}

Graph Trainer::model() const {
  Graph graph = model_.clone();
  for (const StateTensor& tensor : step_.state)
    if (tensor.kind == StateTensor::Kind::kParameter || tensor.kind == StateTensor::Kind::kStatistic)
      graph.find_value(tensor.name)->set_data(tensors_.at(tensor.input).clone());
  return graph;
}

OptimizerState Trainer::optimizer() const {
  OptimizerState state{.sgd = sgd_};
  for (const StateTensor& tensor : step_.state)
    if (tensor.kind == StateTensor::Kind::kMomentum)
      state.momentum[tensor.name] = tensors_.at(tensor.input).clone();
  for (const auto& [name, input] : step_.masks) state.masks[name] = tensors_.at(input).clone();
  return state;
}

Json Trainer::recipe() const { return recipe_json(options_, precision_.used, scaling_, sgd_, *loader_); }

void Trainer::save(const std::filesystem::path& path) const {
  save_checkpoint(path, {.tensors = tensors_,
                         .position = position_,
                         .network = network_,
                         .recipe = recipe(),
                         .tactics = tactics_,
                         .threads = max_threads()});
}

void Trainer::restore(const Checkpoint& checkpoint) {
  const std::string source = "checkpoint " + options_.resume_from.string();
  check_same_recipe(checkpoint.recipe, recipe(), source, options_.new_schedule);
  TWOFOUR_CHECK(checkpoint.network == network_, kInvalidArgument,
                "{} belongs to another network than this model: it would not go on from where it stood",
                source);
  check_tensors(checkpoint.tensors, tensors_, source);
  TWOFOUR_CHECK(checkpoint.position.batch <= loader_->batches_per_epoch(), kInvalidArgument,
                "{} stands at batch {} of an epoch; this data has {}", source, checkpoint.position.batch,
                loader_->batches_per_epoch());
  for (const auto& [name, tensor] : checkpoint.tensors)
    std::memcpy(tensors_.at(name).raw(), tensor.raw(), tensor.size_bytes());
  position_ = checkpoint.position;
  build_step(checkpoint.tactics);
  if (checkpoint.threads != max_threads())
    log_warning("the run goes on, but not bit for bit: {} was written with {} threads, this run has {}",
                source, checkpoint.threads, max_threads());
}

StepMemory Trainer::memory() const { return memory_of(context_->engine()); }

StepMemory step_memory(const Graph& model, const backend::Backend& backend, const StepOptions& options) {
  Graph adapted = model.clone();
  adapt(adapted, options.batch_size);
  TrainingStep step = make_step(adapted, options);
  const builder::Options build = build_options(step, false);
  return memory_of(*builder::build(std::move(step.graph), backend, build).engine);
}

}  // namespace twofour::train
