// Training: SGD in mixed precision, and retraining under a 2:4 mask. The three-step workflow:
//
//   auto model = twofour::Model::load("dense.onnx");           // 1. a trained dense network
//   twofour::Sgd optimizer({.lr = 0.05, .momentum = 0.9});
//   twofour::prune_trained_model(model, optimizer);            // 2. prune once
//   twofour::Trainer trainer(model, optimizer, data, {});      // 3. the training loop, unchanged
//   for (int epoch = 0; epoch < 5; ++epoch) trainer.train_epoch();
//   trainer.model().save("sparse.onnx");
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twofour/amp_report.h"
#include "twofour/data.h"
#include "twofour/model.h"
#include "twofour/train_options.h"

namespace twofour {

using train::BenchmarkOptions;
using train::BenchmarkResult;
using train::EpochRecord;
using train::Evaluation;
using train::IterUnit;
using train::kIterUnitNames;
using train::kPrecisionNames;
using train::kScheduleNames;
using train::LossScaling;
using train::Precision;
using train::Progress;
using train::Schedule;
using train::ScheduleKind;
using train::SgdOptions;
using train::StepMemory;
using train::TrainerOptions;

namespace train {
class Trainer;  // internal
struct OptimizerState;
}  // namespace train

/// SGD's options, and the masks and momentum that belong to one model.
class Sgd {
 public:
  explicit Sgd(const SgdOptions& options = {});
  explicit Sgd(train::OptimizerState state);
  const SgdOptions& options() const;
  /// Names of the weights whose zeros training keeps.
  std::vector<std::string> masked_weights() const;
  train::OptimizerState& state() { return *state_; }
  const train::OptimizerState& state() const { return *state_; }

 private:
  std::shared_ptr<train::OptimizerState> state_;
};

/// Prunes every eligible weight to 2:4 by magnitude and makes the optimiser keep the pattern: weights,
/// gradients and momentum of pruned elements stay zero.
std::vector<PruneRow> prune_trained_model(Model& model, Sgd& optimizer, const PruneOptions& options = {});

/// kAuto: weights that the model's metadata names as 2:4, and those whose zeros form the pattern (files of
/// other tools), with a log line. kKeep: the same; an error when there is none. kNone: no masks.
enum class KeepSparsity : uint8_t { kAuto, kKeep, kNone };
inline constexpr Names<KeepSparsity, 3> kKeepSparsityNames = {
    {{"auto", KeepSparsity::kAuto}, {"keep", KeepSparsity::kKeep}, {"none", KeepSparsity::kNone}}};
/// For a model that is pruned already: the optimiser keeps its zeros.
void keep_sparsity(const Model& model, Sgd& optimizer, KeepSparsity mode = KeepSparsity::kAuto);

/// Trains copies of the model and of the optimiser's state; model() and optimizer() give the results. Nobody
/// else may read from the data meanwhile.
class Trainer {
 public:
  Trainer(const Model& model, const Sgd& optimizer, DataLoader& data, const TrainerOptions& options = {});
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// To the end of the epoch. Throws what check_class_names() throws, and Error{kFailedPrecondition} when the
  /// loss is no longer finite.
  EpochRecord train_epoch(const std::function<void(const Progress&)>& progress = {});
  /// Trains on and gives `line` the lines of benchmark mode.
  BenchmarkResult benchmark(const BenchmarkOptions& options,
                            const std::function<void(std::string_view)>& line);
  /// Throws what evaluate() would throw about `data` and the model, before any training.
  void check_evaluation(DataLoader& data) const;
  /// Top-1 accuracy of the present model over one epoch of `data`, kept in the history of the last epoch.
  Evaluation evaluate(DataLoader& data,
                      const std::function<void(int64_t done, int64_t total)>& progress = {});
  Model model() const;
  /// Masks and momentum as they are now, to go on with in another trainer.
  Sgd optimizer() const;
  int64_t epoch() const;
  const std::vector<EpochRecord>& history() const;

  /// The precision in use, and why it is not the one asked for (empty when it is).
  Precision precision() const;
  const std::string& precision_note() const;
  /// The colour of every node of the step; empty in fp32.
  const amp::Report& paint_report() const;
  StepMemory memory() const;
  /// "trains 9 of 11 constants (1314 values); frozen: running statistics and sizes (bn.mean, bn.var)".
  std::string describe_constants() const;
  /// What decides the run's numbers besides model, images and machine, as JSON text.
  std::string recipe() const;

  /// A checkpoint (safetensors) for TrainerOptions::resume_from. Atomic.
  void save(const std::filesystem::path& path) const;

 private:
  std::unique_ptr<train::Trainer> trainer_;
};

/// Why training in `precision` would be in fp32 on this machine (without TrainerOptions::force_half); empty
/// where it would not.
std::string lacks_precision(Precision precision);

/// That each class of `data` has its score. Throws Error{kInvalidArgument} when they have names (numbers fit
/// any model) and are fewer than the scores.
void check_class_names(const Model& model, const DataLoader& data);

/// Top-1 accuracy over one epoch of `data`. Throws Error{kInvalidArgument} when a label cannot mean the same
/// in both: the model names its classes otherwise, or check_class_names() throws.
Evaluation evaluate(const Model& model, DataLoader& data,
                    const std::function<void(int64_t done, int64_t total)>& progress = {});

/// Memory of one training step in a precision, without training. `image_shape`: C,H,W where the model leaves
/// them open.
StepMemory step_memory(const Model& model, int64_t batch_size, Precision precision,
                       const Shape& image_shape = {});

}  // namespace twofour
