#include "twofour/train.h"

#include "api/device.h"
#include "api/sparsity_rows.h"
#include "quant/quantise.h"
#include "sparsity/training_masks.h"
#include "train/benchmark.h"
#include "train/class_names.h"
#include "train/evaluate.h"
#include "train/prune.h"
#include "train/trainer.h"

namespace twofour {
namespace {

sparsity::MaskMode to_internal(KeepSparsity mode) {
  switch (mode) {
    case KeepSparsity::kKeep: return sparsity::MaskMode::kKeep;
    case KeepSparsity::kNone: return sparsity::MaskMode::kNone;
    case KeepSparsity::kAuto: break;
  }
  return sparsity::MaskMode::kAuto;
}

/// 0 where the model leaves it open.
int64_t num_scores(const Model& model) {
  const Dims& dims = model.graph().outputs().at(0)->dims();
  return dims.empty() || !dims.back().known() ? 0 : dims.back().value;
}

/// Names that are only numbers fit any.
void check_same_names(const Model& model, const DataLoader& data) {
  const std::vector<std::string> names = model.class_names();
  const std::vector<std::string>& found = data.class_names();
  const bool comparable =
      found.size() == names.size() && num_scores(model) == static_cast<int64_t>(names.size());
  TWOFOUR_CHECK(
      !comparable || found == names || data::are_numbered(found), kInvalidArgument,
      "the labels of {} are {}, the model's are {}: --class_names (DataOptions::class_names) must be "
      "the model's",
      data.source(), fmt::join(found, ", "), fmt::join(names, ", "));
}

std::unique_ptr<train::Trainer> make_trainer(const Model& model, const Sgd& optimizer, DataLoader& data,
                                             const TrainerOptions& options) {
  try {
    return std::make_unique<train::Trainer>(model.graph().clone(), api::device(), data.shared_loader(),
                                            options, optimizer.state());
  } catch (const Error& error) {
    const Node* codes = quant::find_codes(model.graph());
    if (error.code() != ErrorCode::kUnsupported || !codes) throw;
    fail(ErrorCode::kUnsupported,
         "{}; the model is quantised already: it has {}; train the float model that it was made from, and "
         "quantise the result",
         error.what(), codes->label());
  }
}

}  // namespace

Sgd::Sgd(const SgdOptions& options)
    : Sgd(train::OptimizerState{.sgd = options, .momentum = {}, .masks = {}}) {}
Sgd::Sgd(train::OptimizerState state) : state_(std::make_shared<train::OptimizerState>(std::move(state))) {}

const SgdOptions& Sgd::options() const { return state_->sgd; }

std::vector<std::string> Sgd::masked_weights() const {
  std::vector<std::string> names;
  for (const auto& [name, mask] : state_->masks) names.push_back(name);
  return names;
}

void keep_sparsity(const Model& model, Sgd& optimizer, KeepSparsity mode) {
  optimizer.state().masks = sparsity::masks_for_training(model.graph(), to_internal(mode));
}

std::vector<PruneRow> prune_trained_model(Model& model, Sgd& optimizer, const PruneOptions& options) {
  return api::to_public(
      train::prune_trained_model(model.graph(), optimizer.state(), api::to_internal(options)));
}

Trainer::Trainer(const Model& model, const Sgd& optimizer, DataLoader& data, const TrainerOptions& options)
    : trainer_(make_trainer(model, optimizer, data, options)) {}
Trainer::~Trainer() = default;

EpochRecord Trainer::train_epoch(const std::function<void(const Progress&)>& progress) {
  api::settle_threads();
  return trainer_->train_epoch(progress);
}

BenchmarkResult Trainer::benchmark(const BenchmarkOptions& options,
                                   const std::function<void(std::string_view)>& line) {
  api::settle_threads();
  return train::run_benchmark(*trainer_, options, line);
}

void Trainer::check_evaluation(DataLoader& data) const { trainer_->check_evaluation(data.loader()); }

Evaluation Trainer::evaluate(DataLoader& data, const std::function<void(int64_t, int64_t)>& progress) {
  api::settle_threads();
  return trainer_->evaluate(data.loader(), progress);
}

Model Trainer::model() const { return Model(trainer_->model()); }
Sgd Trainer::optimizer() const { return Sgd(trainer_->optimizer()); }
int64_t Trainer::epoch() const { return trainer_->position().epoch; }
const std::vector<EpochRecord>& Trainer::history() const { return trainer_->history(); }
Precision Trainer::precision() const { return trainer_->precision().used; }
const std::string& Trainer::precision_note() const { return trainer_->precision().note; }
const amp::Report& Trainer::paint_report() const { return trainer_->paint_report(); }
std::string Trainer::describe_constants() const { return trainer_->describe_constants(); }
std::string Trainer::recipe() const { return trainer_->recipe().dump(1); }
StepMemory Trainer::memory() const { return trainer_->memory(); }
void Trainer::save(const std::filesystem::path& path) const { trainer_->save(path); }

std::string lacks_precision(Precision precision) { return train::lacks_precision(precision, api::device()); }

void check_class_names(const Model& model, const DataLoader& data) {
  train::check_all_named(data.class_names(), num_scores(model));
}

Evaluation evaluate(const Model& model, DataLoader& data,
                    const std::function<void(int64_t, int64_t)>& progress) {
  check_same_names(model, data);
  check_class_names(model, data);
  return train::evaluate(model.graph(), api::device(), data.loader(), data.batch_size(), progress);
}

StepMemory step_memory(const Model& model, int64_t batch_size, Precision precision,
                       const Shape& image_shape) {
  train::StepOptions options;
  options.batch_size = batch_size;
  options.image_shape = model.image_shape(image_shape);
  options.precision = precision;
  return train::step_memory(model.graph(), api::device(), options);
}

}  // namespace twofour
