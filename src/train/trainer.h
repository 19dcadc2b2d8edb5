// Trainer: runs a training step, built once as an engine, over the batches of a loader.
//
//   Trainer trainer(model, backend, loader, options, {.masks = masks});
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
#include "train/progress.h"
#include "train/schedule.h"
#include "train/step.h"
#include "twofour/train_options.h"

namespace twofour::train {

struct TrainOptions {
  int64_t batch_size = 32;  // every batch of the loader has this size
  SgdOptions sgd;
  Schedule schedule;
  Precision precision = Precision::kF32;
  /// Trains in f16/bf16 storage even where the hardware has no fast half arithmetic.
  bool force_half = false;
  std::vector<std::string> deny_half;  // node name globs that stay f32
  /// Default: dynamic for fp16, none otherwise.
  std::optional<LossScaling> loss_scaling;
  double label_smoothing = 0;
  double clip_norm = 0;  // 0: no clipping
  /// The loader's; kept in checkpoints, so that a run is not resumed on other batches.
  uint64_t seed = 1;
  bool time_tactics = false;
};

/// What a precision that was asked for comes to on a device. `note` says why it is not the one asked for.
struct PrecisionChoice {
  Precision used;
  std::string note;
};
PrecisionChoice choose_precision(Precision wanted, bool force_half, const backend::Backend& backend);

using ProgressCallback = std::function<void(const Progress&)>;

class Trainer {
 public:
  /// `backend` must outlive the trainer. Nobody else may read from `loader` meanwhile. Masked weights are set
  /// to zero at once and stay exactly zero. Throws what make_step and builder::build throw.
  Trainer(Graph model, const backend::Backend& backend, std::shared_ptr<data::Loader> loader,
          const TrainOptions& options, OptimizerState optimizer = {});

  /// One step on the loader's next batch. Throws Error{kFailedPrecondition} that names the step and the first
  /// gradient that was not finite when the run has diverged: the loss is not finite (with loss scaling: at
  /// the scale's floor), or kMaxSkipsAtFloor steps in a row were skipped there.
  StepResult step();
  /// Steps to the end of the epoch (of the rest of it after a resume in its middle).
  EpochRecord train_epoch(const ProgressCallback& progress = {});

  /// The model with the present parameters and batch-norm statistics.
  Graph model() const;
  OptimizerState optimizer() const;
  const TrainPosition& position() const { return position_; }
  const std::vector<EpochRecord>& history() const { return position_.history; }
  const PrecisionChoice& precision() const { return precision_; }
  const amp::Report& paint_report() const { return step_.paint; }
  int64_t batch_size() const { return options_.batch_size; }
  const data::Loader& loader() const { return *loader_; }
  /// Bytes of the arena that holds activations and gradients during a step.
  size_t activation_bytes() const { return context_->engine().plan().arena_bytes; }

  void save(const std::filesystem::path& path) const;
  /// Goes on from a checkpoint as if the run had never stopped, bit for bit. Throws Error naming file and
  /// tensor when it does not belong to this model and these options; the trainer is unchanged then.
  void resume(const std::filesystem::path& path);

  static constexpr int64_t kMaxSkipsAtFloor = 20;

 private:
  void create_state(const OptimizerState& optimizer);
  Tensor initial_value(const StateTensor& tensor, const OptimizerState& optimizer) const;
  void bind_state();
  float scalar(const std::string& output) const;
  void account(const StepResult& result, const data::Batch& batch, double time_s);
  void check_divergence(const StepResult& result) const;
  std::string first_nonfinite() const;
  double loss_scale() const;
  void finish_epoch(double lr);

  Graph model_;
  std::shared_ptr<data::Loader> loader_;
  TrainOptions options_;
  PrecisionChoice precision_;
  LossScaling scaling_;
  TrainingStep step_;  // its graph has gone into the engine
  std::unique_ptr<engine::ExecutionContext> context_;
  std::map<std::string, Tensor> tensors_;  // state and masks by input name; the engine updates them in place
  Tensor lr_ = Tensor::scalar(0);
  TrainPosition position_;
};

/// Arena bytes of one training step of `model`, without training: the same options in fp32 and fp16 show what
/// mixed precision saves.
size_t step_activation_bytes(const Graph& model, const backend::Backend& backend, const StepOptions& options);

}  // namespace twofour::train
