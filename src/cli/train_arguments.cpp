#include "cli/train_arguments.h"

#include <fmt/format.h>

#include <limits>

#include "cli/choice.h"
#include "cli/parse.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

constexpr int64_t kMostEpochs = 1'000'000;
constexpr int64_t kMostSteps = 1'000'000'000;
constexpr double kMost = std::numeric_limits<double>::max();
constexpr Names<bool, 2> kAmpNames = {{{"auto", false}, {"force", true}}};

// Nothing for "dynamic": the trainer scales where half precision is really used, which is not everywhere it
// is asked for.
std::optional<LossScaling> parse_loss_scale(const std::string& text) {
  if (text == "dynamic") return std::nullopt;
  if (text == "none") return LossScaling::none();
  const std::vector<float> scale = parse_floats(text);
  if (scale.size() != 1 || scale[0] <= 0)
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is not dynamic, none or one number above 0", text));
  return LossScaling::fixed(scale[0]);
}

std::vector<int64_t> parse_milestones(const std::string& text) {
  const std::vector<int64_t> epochs = parse_ints(text);
  for (const int64_t epoch : epochs)
    if (epoch < 0 || epoch > kMostEpochs)
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("epoch {} is not between 0 and {}", epoch, kMostEpochs));
  return epochs;
}

void add_model_options(CLI::App& train, TrainArguments& a) {
  start_group(train, "Model");
  add_path(train, "--onnx", a.onnx, "Model to start from");
  add_text(train, "--zoo", a.zoo, "or a built-in network with fresh weights (see twofour zoo)");
  add_number(train, "--classes", a.classes, {1, kMostClasses}, "Number of classes of a built-in network")
      .default_text("");
  add_choice(train, "--sparse", a.sparse, kKeepSparsityNames,
             "auto: keep weights that are 2:4, marked or by their zeros; keep: there must be some; none");
  add_list(train, "--freeze", a.freeze,
           "Constants not to train, by their names or their layers': conv1*,*.bias");
  add_list(train, "--train", a.train, "Constants to train all the same; after --freeze");
  add_path(train, "--output", a.output, "Folder for model.onnx, checkpoint, history and report");
  add_flag(train, "--resume", a.resume, "Go on from the checkpoint in --output, bit for bit");
  add_flag(train, "--new_schedule", a.trainer.new_schedule,
           "With --resume: a longer run or another schedule than the checkpoint's; not bit for bit then");
}

void add_data_options(CLI::App& train, TrainArguments& a) {
  add_data_arguments(train, a.data);
  add_text(train, "--test_data", a.test_data,
           "Data for the accuracy after each epoch; default: --data's test split");
  add_flag(train, "--flip", a.flip, "Random horizontal flips");
  add_number(train, "--crop_padding", a.crop_padding, {0, kMostPixels},
             "Random crops after padding by this much (CIFAR: 4)")
      .default_text("");
}

void add_optimiser_options(CLI::App& train, TrainArguments& a) {
  start_group(train, "Optimiser");
  add_number(train, "--epochs", a.epochs, {1, kMostEpochs}, "Passes over the data");
  add_number(train, "--lr", a.sgd.lr, {0, kMost}, "Learning rate");
  add_number(train, "--momentum", a.sgd.momentum, {0, kMost}, "Of SGD");
  add_flag(train, "--nesterov", a.sgd.nesterov, "Nesterov momentum");
  add_number(train, "--weight_decay", a.sgd.weight_decay, {0, kMost}, "L2");
  add_flag(train, "--no_norm_decay", a.no_norm_decay, "No decay of biases and batch-norm parameters");
  add_choice(train, "--schedule", a.trainer.schedule.kind, kScheduleNames, "Learning rate over time");
  add_parsed(
      train, "--milestones", [&a](const std::string& text) { a.milestones = parse_milestones(text); },
      "Epochs at which the step schedule decays: 100,150")
      .type_name("N,...");
  add_number(train, "--gamma", a.trainer.schedule.gamma, {0, kMost}, "Factor of the step schedule");
  add_number(train, "--warmup_epochs", a.warmup_epochs, {0, kMostEpochs}, "Linear warm-up");
  add_number(train, "--label_smoothing", a.trainer.label_smoothing, {0, 1}, "0 to 1");
  add_number(train, "--clip_norm", a.trainer.clip_norm, {0, kMost}, "Global gradient norm; 0: off");
}

void add_precision_options(CLI::App& train, TrainArguments& a) {
  start_group(train, "Mixed precision");
  add_choice(train, "--precision", a.trainer.precision, kPrecisionNames,
             "Of forward and backward; masters are fp32");
  add_choice(train, "--amp", a.trainer.force_half, kAmpNames,
             "auto: fp32 where the hardware has no half arithmetic; force: half storage anyway");
  add_list(train, "--deny_half", a.trainer.deny_half,
           "Names of nodes that stay fp32, with * and ?: conv1,*/fc");
  add_parsed(
      train, "--loss_scale",
      [&a](const std::string& text) { a.trainer.loss_scaling = parse_loss_scale(text); },
      "dynamic | none | a number")
      .default_text("dynamic")
      .type_name("N");
  add_flag(train, "--require_mixed", a.require_mixed, "Fail where mixed precision is not available");
}

void add_benchmark_options(CLI::App& train, TrainArguments& a) {
  start_group(train, "Benchmark");
  add_number(train, "--num_iter", a.benchmark.num_iter, {1, kMostSteps},
             "Only a benchmark, of this length, on --data or synthetic images");
  add_choice(train, "--iter_unit", a.benchmark.unit, kIterUnitNames, "Of --num_iter");
  add_number(train, "--display_every", a.benchmark.display_every, {1, kMostSteps}, "Steps between lines");
  add_path(train, "--timing_cache", a.trainer.timing_cache,
           "Measured times of tactics to start from and to keep");
  add_threads_option(train, a.threads);
}

}  // namespace

TrainerOptions TrainArguments::trainer_options(int64_t batches_per_epoch) const {
  TrainerOptions result = trainer;
  result.schedule.total_steps = epochs * batches_per_epoch;
  result.schedule.warmup_steps = static_cast<int64_t>(warmup_epochs * static_cast<double>(batches_per_epoch));
  for (const int64_t epoch : milestones) result.schedule.milestones.push_back(epoch * batches_per_epoch);
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
  const bool cosine = a.trainer.schedule.kind == ScheduleKind::kCosine;
  const bool half = a.trainer.precision != Precision::kF32;
  const char* kTraining = "training, and this is a benchmark (--num_iter, or no --data)";
  const char* kHalf = "--precision=fp16 or bf16";
  std::vector<OptionUse> uses = data_uses(a.data, a.test_data);
  uses.insert(uses.end(), {{"--classes", a.onnx.empty(), "--zoo"},
                           {"--flip", has_data, "--data"},
                           {"--crop_padding", has_data, "--data"},
                           {"--schedule", !steps || !a.milestones.empty(), "--milestones"},
                           {"--milestones", steps, "--schedule=step"},
                           {"--gamma", steps, "--schedule=step"},
                           {"--amp", half, kHalf},
                           {"--deny_half", half, kHalf},
                           {"--require_mixed", half, kHalf},
                           {"--test_data", !benchmark, kTraining},
                           {"--new_schedule", a.resume, "--resume"},
                           {"--epochs", !benchmark || cosine, kTraining},
                           {"--iter_unit", benchmark, "--num_iter"},
                           {"--display_every", benchmark, "--num_iter"}});
  refuse_ignored(train, uses);
}

void add_train_arguments(CLI::App& train, TrainArguments& arguments) {
  add_model_options(train, arguments);
  add_data_options(train, arguments);
  add_optimiser_options(train, arguments);
  add_precision_options(train, arguments);
  add_benchmark_options(train, arguments);
}

}  // namespace twofour::cli
