// Trainer: runs a training step, built once as an engine, over the batches of a loader.
//
//   Trainer trainer(model, backend, loader, options, {.sgd = sgd, .masks = masks});
//   while (trainer.position().epoch < epochs) trainer.train_epoch(progress);
//   Graph trained = trainer.model();
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "backend/tactic.h"
#include "data/loader.h"
#include "engine/engine.h"
#include "train/checkpoint.h"
#include "train/evaluate.h"
#include "train/schedule.h"
#include "train/step.h"
#include "twofour/train_options.h"

namespace twofour::train {

/// Why training in `wanted` would be in fp32 on the device; empty where it would not.
std::string lacks_precision(Precision wanted, const backend::Backend& backend);
/// What a precision that was asked for comes to on a device. `note` says why it is not the one asked for.
struct PrecisionChoice {
  Precision used;
  std::string note;
};
PrecisionChoice choose_precision(Precision wanted, bool force_half, const backend::Backend& backend);

using ProgressCallback = std::function<void(const Progress&)>;

class Trainer {
 public:
  /// `backend` must outlive the trainer. Nobody else may read from `loader` meanwhile. The model is taken in
  /// its form for inference and with an open batch (train/inference_form.h, open_batch.h); the names of the
  /// data's classes go into its metadata. Masked weights are set to zero at once and stay exactly zero; a
  /// warning names those that are 2:4 and have no mask. Throws Error{kFailedPrecondition} on a weight that is
  /// not finite, what make_step and builder::build throw, and Error naming file, tensor or setting when
  /// options.resume_from does not belong to this network, data and recipe.
  Trainer(Graph model, const backend::Backend& backend, std::shared_ptr<data::Loader> loader,
          const TrainerOptions& options, OptimizerState optimizer = {});

  /// One step on the loader's next batch. Throws Error{kFailedPrecondition} that names the step and the first
  /// gradient that was not finite when the run has diverged: the loss is not finite (with loss scaling: at
  /// the scale's floor), or kMaxSkipsAtFloor steps in a row were skipped there.
  StepResult step();
  /// Steps to the end of the epoch (of the rest of it after a resume in its middle). Throws
  /// Error{kInvalidArgument} before the first when the data names classes, but not one for every score.
  EpochRecord train_epoch(const ProgressCallback& progress = {});

  /// Builds what evaluate() will run. Throws what it would throw about `test` and the model.
  void check_evaluation(const data::Loader& test) const;
  /// Top-1 accuracy of the present model, kept in the history of the last epoch.
  Evaluation evaluate(data::Loader& test, const EvaluateFn& progress = {});

  /// The model with the present parameters and batch-norm statistics.
  Graph model() const;
  OptimizerState optimizer() const;
  const TrainPosition& position() const { return position_; }
  const std::vector<EpochRecord>& history() const { return position_.history; }
  const PrecisionChoice& precision() const { return precision_; }
  const amp::Report& paint_report() const { return step_.paint; }
  int64_t batch_size() const { return loader_->options().batch_size; }
  const data::Loader& loader() const { return *loader_; }
  StepMemory memory() const;

  /// One line: how many constants are trained, which are not and why.
  std::string describe_constants() const;
  Json recipe() const;
  /// Atomic.
  void save(const std::filesystem::path& path) const;

  static constexpr int64_t kMaxSkipsAtFloor = 20;

 private:
  void create_state(const OptimizerState& optimizer);
  Tensor initial_value(const StateTensor& tensor, const OptimizerState& optimizer) const;
  void restore(const Checkpoint& checkpoint);
  void build_step(const std::string& tactics);
  void bind_state();
  float scalar(const std::string& output) const;
  void account(const StepResult& result, const data::Batch& batch, double time_s);
  void check_divergence(const StepResult& result) const;
  std::string first_nonfinite() const;
  double loss_scale() const;
  void finish_epoch(double lr);

  Graph model_;
  const backend::Backend& backend_;
  std::shared_ptr<data::Loader> loader_;
  TrainerOptions options_;
  SgdOptions sgd_;
  PrecisionChoice precision_;
  LossScaling scaling_;
  TrainingStep step_;
  std::string network_;  // hash of what training does not change
  std::unique_ptr<engine::ExecutionContext> context_;
  std::string tactics_;                    // that the engine runs
  std::map<std::string, Tensor> tensors_;  // state and masks by input name; the engine updates them in place
  Tensor lr_ = Tensor::scalar(0);
  TrainPosition position_;
};

/// Memory of one training step of `model`, without training: the same options in fp32 and fp16 show what
/// mixed precision saves.
StepMemory step_memory(const Graph& model, const backend::Backend& backend, const StepOptions& options);

}  // namespace twofour::train
