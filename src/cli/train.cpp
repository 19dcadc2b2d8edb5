// `twofour train`: trains or fine-tunes a model in mixed precision; a pruned one keeps its zeros. Without
// data it is a benchmark on random images.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/data_arguments.h"
#include "cli/files.h"
#include "cli/parse.h"
#include "cli/train_report.h"
#include "cli/train_run.h"
#include "twofour/engine.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string onnx, zoo, output, test_data, milestones, loss_scale = "dynamic";
  DataArguments data;
  int64_t epochs = 1, crop_padding = 0, classes = 0;
  double warmup_epochs = 0;
  bool flip = false, resume = false, no_norm_decay = false, require_mixed = false;
  Precision precision = Precision::kF32;
  std::string amp = "auto";
  KeepSparsity sparse = KeepSparsity::kAuto;
  SgdOptions sgd{.lr = 0.01};
  TrainerOptions trainer;
  BenchmarkOptions benchmark;
  int threads = 0;
};

Model open_model(const Options& options) {
  if (options.onnx.empty() == options.zoo.empty())
    throw Error(ErrorCode::kInvalidArgument, "give --onnx=FILE or --zoo=NAME");
  if (!options.onnx.empty()) return Model::load(options.onnx);
  return Model::zoo(options.zoo, {.num_classes = options.classes, .seed = options.data.seed});
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

TrainerOptions trainer_options(const Options& options, int64_t batches_per_epoch) {
  TrainerOptions result = options.trainer;
  result.precision = options.precision;
  result.force_half = options.amp == "force";
  result.loss_scaling = parse_loss_scale(options.loss_scale);
  result.seed = options.data.seed;
  result.schedule.total_steps = options.epochs * batches_per_epoch;
  result.schedule.warmup_steps =
      static_cast<int64_t>(options.warmup_epochs * static_cast<double>(batches_per_epoch));
  for (const int64_t epoch : parse_ints(options.milestones))
    result.schedule.milestones.push_back(epoch * batches_per_epoch);
  return result;
}

// The one line on mixed precision: what it comes to here.
void explain_precision(const Options& options, const Trainer& trainer) {
  if (options.precision == Precision::kF32) return;
  if (!trainer.precision_note().empty()) print_line(trainer.precision_note());
  if (options.require_mixed && trainer.precision() == Precision::kF32)
    throw Error(ErrorCode::kFailedPrecondition, "--require_mixed: this machine has no suitable hardware");
}

std::string memory_line(const Model& model, const Options& options) {
  const size_t full = step_activation_bytes(model, options.data.batch_size, Precision::kF32);
  const size_t half = step_activation_bytes(model, options.data.batch_size, options.precision);
  return fmt::format(
      "activation memory at batch {}: {:.1f} MB in f32, {:.1f} MB in mixed precision ({:.2f}x)",
      options.data.batch_size, static_cast<double>(full) / 1e6, static_cast<double>(half) / 1e6,
      static_cast<double>(full) / static_cast<double>(half));
}

void run_benchmark(const Options& options, const Model& model, Sgd& optimizer) {
  DataLoader data({.source = "synthetic",
                   .image_shape = model.image_shape(),
                   .num_classes = model.num_classes(),
                   .size = options.data.batch_size * 4,
                   .seed = options.data.seed,
                   .batch_size = options.data.batch_size});
  print_line("no --data: benchmark mode on synthetic images");
  Trainer trainer(model, optimizer, data, trainer_options(options, data.batches_per_epoch()));
  explain_precision(options, trainer);
  const BenchmarkResult result = trainer.benchmark(options.benchmark, print_line);
  print_line(fmt::format("total: {} steps in {:.1f} s, {:.1f} images_per_sec", result.steps, result.time_s,
                         result.images_per_s));
}

void run(const Options& options) {
  if (options.resume && options.output.empty())
    throw Error(ErrorCode::kInvalidArgument, "--resume needs --output, where the checkpoint is");
  if (options.threads) set_threads(options.threads);
  const Model model = open_model(options);
  Sgd optimizer(options.sgd);
  keep_sparsity(model, optimizer, options.sparse);
  if (!optimizer.masked_weights().empty())
    print_line(fmt::format("keeping the 2:4 pattern of {} weights", optimizer.masked_weights().size()));
  if (options.data.source.empty()) return run_benchmark(options, model, optimizer);

  DataLoader data =
      open_data(options.data, model, {.flip = options.flip, .crop_padding = options.crop_padding});
  DataArguments test_arguments = options.data;
  if (!options.test_data.empty()) test_arguments.source = options.test_data;
  DataLoader test = open_data(test_arguments, model, {.train_split = false, .shuffle = false});
  Trainer trainer(model, optimizer, data, trainer_options(options, data.batches_per_epoch()));
  explain_precision(options, trainer);

  const std::filesystem::path folder = options.output;
  TrainRun training{.title = "train", .epochs = options.epochs, .test = &test};
  if (!options.output.empty()) {
    std::filesystem::create_directories(folder);
    training.checkpoint = (folder / "checkpoint.safetensors").string();
    if (options.resume && std::filesystem::exists(training.checkpoint)) {
      trainer.resume(training.checkpoint);
      print_line(fmt::format("resumed from {} at epoch {}", training.checkpoint, trainer.epoch() + 1));
    }
  }
  const std::vector<EpochResult> results = train_epochs(trainer, training);
  const std::string memory = trainer.precision() == Precision::kF32 ? "" : memory_line(model, options);
  if (!memory.empty()) print_line(memory);
  if (options.output.empty()) return;
  trainer.model().save(folder / "model.onnx");
  write_text_file(folder / "history.json", history_json(results));
  write_text_file(folder / "report.html", train_report_html(model.name(), results, memory));
  print_line(fmt::format("wrote {0}/model.onnx, {0}/history.json, {0}/report.html", options.output));
}

void add_optimiser_options(CLI::App& train, Options& o) {
  const std::map<std::string, ScheduleKind> schedules = {{"constant", ScheduleKind::kConstant},
                                                         {"step", ScheduleKind::kStep},
                                                         {"cosine", ScheduleKind::kCosine}};
  train.add_option("--epochs", o.epochs, "Passes over the data")->capture_default_str()->group("Optimiser");
  train.add_option("--lr", o.sgd.lr, "Learning rate")->capture_default_str()->group("Optimiser");
  train.add_option("--momentum", o.sgd.momentum, "Of SGD")->capture_default_str()->group("Optimiser");
  train.add_flag("--nesterov", o.sgd.nesterov, "Nesterov momentum")->group("Optimiser");
  train.add_option("--weight_decay", o.sgd.weight_decay, "L2")->capture_default_str()->group("Optimiser");
  train.add_flag("--no_norm_decay", o.no_norm_decay, "No decay of biases and batch-norm parameters")
      ->group("Optimiser");
  train.add_option("--schedule", o.trainer.schedule.kind, "constant | step | cosine")
      ->transform(CLI::CheckedTransformer(schedules))
      ->default_str("constant")
      ->group("Optimiser");
  train.add_option("--milestones", o.milestones, "Epochs at which the step schedule decays: 100,150")
      ->group("Optimiser");
  train.add_option("--gamma", o.trainer.schedule.gamma, "Factor of the step schedule")
      ->capture_default_str()
      ->group("Optimiser");
  train.add_option("--warmup_epochs", o.warmup_epochs, "Linear warm-up")
      ->capture_default_str()
      ->group("Optimiser");
  train.add_option("--label_smoothing", o.trainer.label_smoothing, "0 to 1")
      ->capture_default_str()
      ->group("Optimiser");
  train.add_option("--clip_norm", o.trainer.clip_norm, "Global gradient norm; 0: off")
      ->capture_default_str()
      ->group("Optimiser");
}

void add_precision_options(CLI::App& train, Options& o) {
  const std::map<std::string, Precision> precisions = {
      {"fp32", Precision::kF32}, {"fp16", Precision::kF16}, {"bf16", Precision::kBF16}};
  train.add_option("--precision", o.precision, "fp32 | fp16 | bf16")
      ->transform(CLI::CheckedTransformer(precisions))
      ->default_str("fp32")
      ->group("Mixed precision");
  train
      .add_option("--amp", o.amp,
                  "auto: fp32 where the hardware has no half arithmetic; force: half storage anyway")
      ->check(CLI::IsMember({"auto", "force"}))
      ->capture_default_str()
      ->group("Mixed precision");
  train.add_option("--loss_scale", o.loss_scale, "dynamic | none | a number")
      ->capture_default_str()
      ->group("Mixed precision");
  train.add_flag("--require_mixed", o.require_mixed, "Fail where mixed precision is not available")
      ->group("Mixed precision");
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Options& o = *options;
  const std::map<std::string, KeepSparsity> sparse = {
      {"auto", KeepSparsity::kAuto}, {"keep", KeepSparsity::kKeep}, {"none", KeepSparsity::kNone}};
  const std::map<std::string, IterUnit> units = {{"epoch", IterUnit::kEpoch}, {"batch", IterUnit::kBatch}};
  CLI::App* train = app.add_subcommand("train", "Train or fine-tune a model; without --data a benchmark");
  train->add_option("--onnx", o.onnx, "Model to start from")->group("Model");
  train->add_option("--zoo", o.zoo, "or a built-in network with fresh weights (see twofour zoo)")
      ->group("Model");
  train->add_option("--classes", o.classes, "Number of classes of a built-in network")->group("Model");
  train
      ->add_option("--sparse", o.sparse,
                   "auto: keep weights marked 2:4; keep: also find them by their zeros; none")
      ->transform(CLI::CheckedTransformer(sparse))
      ->default_str("auto")
      ->group("Model");
  train->add_option("--output", o.output, "Folder for model.onnx, checkpoint, history and report")
      ->group("Model");
  train->add_flag("--resume", o.resume, "Go on from the checkpoint in --output, bit for bit")->group("Model");
  add_data_arguments(*train, o.data);
  train
      ->add_option("--test_data", o.test_data,
                   "Data for the accuracy after each epoch; default: --data's test split")
      ->group("Data");
  train->add_flag("--flip", o.flip, "Random horizontal flips")->group("Data");
  train->add_option("--crop_padding", o.crop_padding, "Random crops after padding by this much (CIFAR: 4)")
      ->group("Data");
  add_optimiser_options(*train, o);
  add_precision_options(*train, o);
  train->add_option("--num_iter", o.benchmark.num_iter, "Length of a benchmark")
      ->capture_default_str()
      ->group("Benchmark");
  train->add_option("--iter_unit", o.benchmark.unit, "epoch | batch")
      ->transform(CLI::CheckedTransformer(units))
      ->default_str("batch")
      ->group("Benchmark");
  train->add_option("--display_every", o.benchmark.display_every, "Steps between lines")
      ->capture_default_str()
      ->group("Benchmark");
  train->add_option("--threads", o.threads, "Threads of the kernels; default: all cores")->group("Benchmark");
  train->callback([options] {
    options->sgd.decay_norm_and_bias = !options->no_norm_decay;
    run(*options);
  });
}

}  // namespace twofour::cli
