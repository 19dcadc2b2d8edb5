// The options of training, and the records of its progress.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "twofour/names.h"

namespace twofour::train {

/// As torch.optim.SGD with dampening 0: g += weight_decay * p; buffer = momentum * buffer + g;
/// p -= lr * (nesterov ? g + momentum * buffer : buffer).
struct SgdOptions {
  double lr = 0.1;
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 1e-4;
  /// False: parameters of rank 0 and 1 (batch-norm scale and bias, biases) are not decayed.
  bool decay_norm_and_bias = true;
};

/// The loss is multiplied by the scale before the backward pass, gradients are divided by it in f32 before
/// anything else reads them (Micikevicius et al., https://arxiv.org/abs/1710.03740). A step whose gradients
/// are not finite is skipped, static scales included.
struct LossScaling {
  /// kDynamic: grows after `growth_interval` good steps in a row, backs off after a skipped one.
  enum class Mode : uint8_t { kNone, kStatic, kDynamic };
  Mode mode = Mode::kNone;
  double init_scale = 65536;  // kStatic: the scale
  double growth_factor = 2;
  double backoff_factor = 0.5;
  int64_t growth_interval = 2000;
  double min_scale = 1;
  double max_scale = 16777216;  // 2^24

  static LossScaling none() { return {}; }
  static LossScaling fixed(double scale) { return {.mode = Mode::kStatic, .init_scale = scale}; }
  static LossScaling dynamic() { return {.mode = Mode::kDynamic}; }
};

/// kConstant: base_lr. kStep: base_lr * gamma^(milestones passed). kCosine: half a cosine from base_lr at the
/// end of the warm-up to final_lr at total_steps (SGDR without restarts, https://arxiv.org/abs/1608.03983).
enum class ScheduleKind : uint8_t { kConstant, kStep, kCosine };
inline constexpr Names<ScheduleKind, 3> kScheduleNames = {{{"constant", ScheduleKind::kConstant},
                                                           {"step", ScheduleKind::kStep},
                                                           {"cosine", ScheduleKind::kCosine}}};

struct Schedule {
  ScheduleKind kind = ScheduleKind::kConstant;
  int64_t total_steps = 0;          // kCosine; later steps stay at final_lr
  int64_t warmup_steps = 0;         // step s < warmup_steps has base_lr * (s + 1) / warmup_steps
  std::vector<int64_t> milestones;  // kStep, in steps, ascending
  double gamma = 0.1;               // kStep
  double final_lr = 0;              // kCosine
};

enum class Precision : uint8_t { kF32, kF16, kBF16 };
inline constexpr Names<Precision, 3> kPrecisionNames = {
    {{"fp32", Precision::kF32}, {"fp16", Precision::kF16}, {"bf16", Precision::kBF16}}};

struct TrainerOptions {
  Schedule schedule;
  Precision precision = Precision::kF32;
  /// Trains in half-precision storage even where the hardware has no fast half arithmetic.
  bool force_half = false;
  std::vector<std::string> deny_half;       // globs of node names that stay f32 in mixed precision
  std::optional<LossScaling> loss_scaling;  // default: dynamic for fp16, none otherwise
  double label_smoothing = 0;
  double clip_norm = 0;  // global L2 norm of the gradients; 0: no clipping
  /// Time the tactics of the training step first; pays for all but short runs.
  bool time_tactics = true;
  /// Where the times are kept for the next run (TuningOptions::timing_cache).
  std::filesystem::path timing_cache;
  /// A checkpoint to go on from, bit for bit, as if the run had never stopped. The network and the recipe
  /// (these options, the optimiser's and the data's) must be the checkpoint's.
  std::filesystem::path resume_from;
  /// With resume_from: go on with this schedule in place of the checkpoint's, to lengthen a run. From there
  /// on the numbers are not those of one run with either schedule.
  bool new_schedule = false;
};

/// Sums over the steps of the epoch in work.
struct EpochTotals {
  double loss_sum = 0;  // of steps whose loss was finite, which `loss_steps` counts
  int64_t loss_steps = 0;
  int64_t correct = 0;
  int64_t images = 0;
  int64_t skipped_steps = 0;
  double time_s = 0;

  /// NaN when no step had a finite loss.
  double loss() const { return loss_sum / static_cast<double>(loss_steps); }
  double accuracy() const { return images ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
  double images_per_s() const { return time_s > 0 ? static_cast<double>(images) / time_s : 0; }
};

/// One finished epoch. Loss and accuracy are means over its training batches, taken while it learned.
struct EpochRecord {
  int64_t epoch = 0;
  double loss = 0;
  double accuracy = 0;
  double lr = 0;          // of its last step
  double loss_scale = 0;  // at its end; 0 without scaling
  double images_per_s = 0;
  int64_t skipped_steps = 0;
  std::optional<double> test_accuracy;  // when it was evaluated after the epoch
};

struct StepResult {
  int64_t step = 0;
  double loss = 0;  // mean over the batch, not scaled
  int64_t correct = 0;
  double lr = 0;
  double loss_scale = 0;  // that this step used; 0 without scaling
  bool skipped = false;   // some gradient was not finite; nothing but the loss scale has changed
};

/// After every step.
struct Progress {
  StepResult step;
  int64_t epoch = 0;
  int64_t batches_done = 0;  // of the epoch
  int64_t batches = 0;
  EpochTotals totals;  // of the epoch so far
};

/// Of one training step, besides parameters and optimiser state.
struct StepMemory {
  size_t activation_bytes = 0;  // activations and gradients
  size_t scratch_bytes = 0;     // that the kernels work in; half precision without hardware needs it
};

struct Evaluation {
  int64_t images = 0;
  int64_t correct = 0;
  int64_t nan_images = 0;  // of `images`: a score is NaN; they count as wrong
  int64_t skipped = 0;     // images that did not decode; they are not among `images`
  double time_s = 0;

  double accuracy() const { return images ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
  double images_per_s() const { return time_s > 0 ? static_cast<double>(images) / time_s : 0; }
};

enum class IterUnit : uint8_t { kEpoch, kBatch };
inline constexpr Names<IterUnit, 2> kIterUnitNames = {
    {{"epoch", IterUnit::kEpoch}, {"batch", IterUnit::kBatch}}};

struct BenchmarkOptions {
  int64_t num_iter = 20;
  IterUnit unit = IterUnit::kBatch;
  int64_t display_every = 10;  // steps
};

struct BenchmarkResult {
  int64_t steps = 0;
  double time_s = 0;
  /// Without the first step, which pays for cold caches; of all steps when there is only one.
  double images_per_s = 0;
};

}  // namespace twofour::train
