#include "cli/train_arguments.h"

#include <fmt/format.h>

#include "cli/choice.h"
#include "cli/ignored_options.h"
#include "cli/parse.h"
#include "cli/threads.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

constexpr int64_t kMostEpochs = 1'000'000;

/// Neither NaN nor out of range: it can be turned into steps.
template <typename T>
void check_epoch(const char* flag, T epoch) {
  if (!(epoch >= T{0} && epoch <= static_cast<T>(kMostEpochs)))
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: epoch {} is not between 0 and {}", flag, epoch, kMostEpochs));
}

// Nothing for "dynamic": the trainer scales where half precision is really used, which is not everywhere it
// is asked for.
std::optional<LossScaling> parse_loss_scale(const std::string& text) {
  if (text == "dynamic") return std::nullopt;
  if (text == "none") return LossScaling::none();
  const std::vector<float> scale = parse_floats(text);
  if (scale.size() != 1)
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--loss_scale={} is not dynamic, none or one number", text));
  return LossScaling::fixed(scale[0]);
}

void add_model_options(CLI::App& train, TrainArguments& a) {
  const std::string group = "Model";
  train.add_option("--onnx", a.onnx, "Model to start from")->group(group);
  train.add_option("--zoo", a.zoo, "or a built-in network with fresh weights (see twofour zoo)")
      ->group(group);
  train.add_option("--classes", a.classes, "Number of classes of a built-in network")->group(group);
  add_choice(train, "--sparse", a.sparse, kKeepSparsityNames,
             "auto: keep weights that are 2:4, marked or by their zeros; keep: there must be some; none")
      ->group(group);
  train
      .add_option("--freeze", a.freeze,
                  "Constants not to train, by their names or their layers': conv1*,*.bias")
      ->delimiter(',')
      ->group(group);
  train.add_option("--train", a.train, "Constants to train all the same; after --freeze")
      ->delimiter(',')
      ->group(group);
  train.add_option("--output", a.output, "Folder for model.onnx, checkpoint, history and report")
      ->group(group);
  train.add_flag("--resume", a.resume, "Go on from the checkpoint in --output, bit for bit")->group(group);
  train
      .add_flag("--new_schedule", a.trainer.new_schedule,
                "With --resume: a longer run or another schedule than the checkpoint's; not bit for bit then")
      ->group(group);
}

void add_data_options(CLI::App& train, TrainArguments& a) {
  const std::string group = "Data";
  add_data_arguments(train, a.data);
  train
      .add_option("--test_data", a.test_data,
                  "Data for the accuracy after each epoch; default: --data's test split")
      ->group(group);
  train.add_flag("--flip", a.flip, "Random horizontal flips")->group(group);
  train.add_option("--crop_padding", a.crop_padding, "Random crops after padding by this much (CIFAR: 4)")
      ->group(group);
}

void add_optimiser_options(CLI::App& train, TrainArguments& a) {
  const std::string group = "Optimiser";
  const auto add = [&](const std::string& flag, auto& value, const std::string& description) {
    return train.add_option(flag, value, description)->capture_default_str()->group(group);
  };
  add("--epochs", a.epochs, "Passes over the data")->check(CLI::Range(int64_t{1}, kMostEpochs));
  add("--lr", a.sgd.lr, "Learning rate");
  add("--momentum", a.sgd.momentum, "Of SGD");
  train.add_flag("--nesterov", a.sgd.nesterov, "Nesterov momentum")->group(group);
  add("--weight_decay", a.sgd.weight_decay, "L2");
  train.add_flag("--no_norm_decay", a.no_norm_decay, "No decay of biases and batch-norm parameters")
      ->group(group);
  add_choice(train, "--schedule", a.trainer.schedule.kind, kScheduleNames, "Learning rate over time")
      ->group(group);
  train.add_option("--milestones", a.milestones, "Epochs at which the step schedule decays: 100,150")
      ->group(group);
  add("--gamma", a.trainer.schedule.gamma, "Factor of the step schedule");
  add("--warmup_epochs", a.warmup_epochs, "Linear warm-up");
  add("--label_smoothing", a.trainer.label_smoothing, "0 to 1");
  add("--clip_norm", a.trainer.clip_norm, "Global gradient norm; 0: off");
}

void add_precision_options(CLI::App& train, TrainArguments& a) {
  const std::string group = "Mixed precision";
  add_choice(train, "--precision", a.trainer.precision, kPrecisionNames,
             "Of forward and backward; masters are fp32")
      ->group(group);
  train
      .add_option("--amp", a.amp,
                  "auto: fp32 where the hardware has no half arithmetic; force: half storage anyway")
      ->check(CLI::IsMember({"auto", "force"}))
      ->capture_default_str()
      ->group(group);
  train
      .add_option("--deny_half", a.trainer.deny_half,
                  "Names of nodes that stay fp32, with * and ?: conv1,*/fc")
      ->delimiter(',')
      ->group(group);
  train.add_option("--loss_scale", a.loss_scale, "dynamic | none | a number")
      ->capture_default_str()
      ->group(group);
  train.add_flag("--require_mixed", a.require_mixed, "Fail where mixed precision is not available")
      ->group(group);
}

void add_benchmark_options(CLI::App& train, TrainArguments& a) {
  const std::string group = "Benchmark";
  train
      .add_option("--num_iter", a.benchmark.num_iter,
                  "Only a benchmark, of this length, on --data or synthetic images")
      ->capture_default_str()
      ->group(group);
  add_choice(train, "--iter_unit", a.benchmark.unit, kIterUnitNames, "Of --num_iter")->group(group);
  train.add_option("--display_every", a.benchmark.display_every, "Steps between lines")
      ->capture_default_str()
      ->group(group);
  train
      .add_option("--timing_cache", a.trainer.timing_cache,
                  "Measured times of tactics to start from and to keep")
      ->group(group);
  add_threads_option(train, a.threads)->group(group);
}

}  // namespace

TrainerOptions TrainArguments::trainer_options(int64_t batches_per_epoch) const {
  TrainerOptions result = trainer;
  result.force_half = amp == "force";
  result.loss_scaling = parse_loss_scale(loss_scale);
  result.schedule.total_steps = epochs * batches_per_epoch;
  check_epoch("--warmup_epochs", warmup_epochs);
  result.schedule.warmup_steps = static_cast<int64_t>(warmup_epochs * static_cast<double>(batches_per_epoch));
  for (const int64_t epoch : parse_ints(milestones)) {
    check_epoch("--milestones", epoch);
    result.schedule.milestones.push_back(epoch * batches_per_epoch);
  }
  return result;
}

SgdOptions TrainArguments::sgd_options() const {
  SgdOptions result = sgd;
  result.decay_norm_and_bias = !no_norm_decay;
  return result;
}

void refuse_ignored(const CLI::App& train, const TrainArguments& a) {
  const bool has_data = !a.data.source.empty();
  const bool benchmark = a.benchmark_mode || !has_data;
  const bool steps = a.trainer.schedule.kind == ScheduleKind::kStep;
  const bool half = a.trainer.precision != Precision::kF32;
  const char* kData = "--data";
  const char* kTraining = "training, and this is a benchmark (--num_iter, or no --data)";
  refuse_ignored(train,
                 {{"--classes", a.onnx.empty(), "--zoo"},
                  {"--data_size", a.data.source == "digits", "--data=digits"},
                  {"--class_names", has_data && a.data.source != "digits", "a folder of classes"},
                  {"--mean", has_data, kData},
                  {"--std", has_data, kData},
                  {"--flip", has_data, kData},
                  {"--crop_padding", has_data, kData},
                  {"--resize", has_data, kData},
                  {"--center_crop", a.data.resize > 0, "--resize"},
                  {"--milestones", steps, "--schedule=step"},
                  {"--gamma", steps, "--schedule=step"},
                  {"--amp", half, "--precision=fp16 or bf16"},
                  {"--deny_half", half, "--precision=fp16 or bf16"},
                  {"--require_mixed", half, "--precision=fp16 or bf16"},
                  {"--test_data", !benchmark, kTraining},
                  {"--new_schedule", a.resume, "--resume"},
                  {"--epochs", !benchmark || a.trainer.schedule.kind == ScheduleKind::kCosine, kTraining},
                  {"--iter_unit", benchmark, "--num_iter"},
                  {"--display_every", benchmark, "--num_iter"}});
}

void add_train_arguments(CLI::App& train, TrainArguments& arguments) {
  add_model_options(train, arguments);
  add_data_options(train, arguments);
  add_optimiser_options(train, arguments);
  add_precision_options(train, arguments);
  add_benchmark_options(train, arguments);
}

}  // namespace twofour::cli
