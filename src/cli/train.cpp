// `twofour train`: trains or fine-tunes a model in mixed precision; a pruned one keeps its zeros. Without
// data it is a benchmark on random images.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/file_flags.h"
#include "cli/output_folder.h"
#include "cli/train_arguments.h"
#include "cli/train_report.h"
#include "cli/train_run.h"
#include "twofour/engine.h"
#include "twofour/error.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

Model open_model(const TrainArguments& arguments) {
  if (arguments.onnx.empty() == arguments.zoo.empty())
    throw Error(ErrorCode::kInvalidArgument, "give --onnx=FILE or --zoo=NAME");
  Model model =
      arguments.zoo.empty()
          ? Model::load(arguments.onnx)
          : Model::zoo(arguments.zoo, {.num_classes = arguments.classes, .seed = arguments.data.seed});
  model.freeze(arguments.freeze);
  model.unfreeze(arguments.train);
  return model;
}

void require_mixed(const TrainerOptions& options) {
  const std::string lack = options.force_half ? "" : lacks_precision(options.precision);
  if (!lack.empty()) throw Error(ErrorCode::kFailedPrecondition, "--require_mixed: " + lack);
}

// What mixed precision comes to here; the library has warned where it is not to be had.
void explain_precision(const Trainer& trainer) {
  if (trainer.precision() != Precision::kF32)
    print_line("mixed precision: " + trainer.paint_report().summary());
}

DataLoader open_training_data(const TrainArguments& arguments, const Model& model) {
  DataLoader data =
      open_data(arguments.data, model, {.flip = arguments.flip, .crop_padding = arguments.crop_padding});
  // Data with other classes than the list has take their own names.
  if (!arguments.data.class_names.empty() && data.class_names() != class_names(arguments.data, model))
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--class_names lacks classes of {}: {}",
                                                         data.source(), fmt::join(data.class_names(), ", ")));
  return data;
}

DataLoader open_benchmark_data(const TrainArguments& arguments, const Model& model) {
  if (!arguments.data.source.empty()) return open_training_data(arguments, model);
  print_line("no --data: benchmark mode on synthetic images");
  return DataLoader({.source = "synthetic",
                     .image_shape = image_shape(arguments.data, model),
                     .num_classes = model.num_classes(),
                     .size = arguments.data.batch_size * 4,
                     .seed = arguments.data.seed,
                     .batch_size = arguments.data.batch_size});
}

void run_benchmark(const TrainArguments& arguments, const Model& model, const Sgd& optimizer) {
  if (!arguments.output.empty())
    throw Error(ErrorCode::kInvalidArgument, "a benchmark (--num_iter, or no --data) writes no --output");
  DataLoader data = open_benchmark_data(arguments, model);
  Trainer trainer(model, optimizer, data, arguments.trainer_options(data.batches_per_epoch()));
  print_line(trainer.describe_constants());
  explain_precision(trainer);
  const BenchmarkResult result = trainer.benchmark(arguments.benchmark, print_line);
  print_line(fmt::format("total: {} steps in {:.1f} s, {:.1f} images_per_sec", result.steps, result.time_s,
                         result.images_per_s));
}

// The checkpoint to go on from; empty for a new run.
std::filesystem::path find_checkpoint(const TrainArguments& arguments) {
  if (!arguments.resume) return {};
  const std::filesystem::path path = checkpoint_path(arguments.output);
  if (std::filesystem::exists(path)) return path;
  print_line(fmt::format("no {} yet: a new run", path.string()));
  return {};
}

// What would fail after an epoch fails before it.
void check_first(const TrainArguments& arguments, const Trainer& trainer, std::optional<DataLoader>& test) {
  if (test) trainer.check_evaluation(*test);
  if (!arguments.output.empty()) trainer.model().check_save();
}

// What becomes of the results, where it may surprise.
void note_output(const TrainArguments& arguments, bool resumed) {
  if (arguments.output.empty()) return note("nothing will be saved: no --output");
  if (resumed) return;
  std::vector<std::string> replaced;
  for (const std::filesystem::path& file : training_files(arguments.output))
    if (std::filesystem::exists(file)) replaced.push_back(file.filename().string());
  if (!replaced.empty())
    note(fmt::format("this run replaces what an earlier one left in {}: {}", arguments.output,
                     fmt::join(replaced, ", ")));
}

void run_training(const TrainArguments& arguments, const Model& model, const Sgd& optimizer) {
  const OutputFolder folder(arguments.output);
  DataLoader data = open_training_data(arguments, model);
  check_class_names(model, data);
  const std::filesystem::path checkpoint = find_checkpoint(arguments);
  note_output(arguments, !checkpoint.empty());
  std::optional<DataLoader> test = open_test_data(arguments.data, arguments.test_data, model, data);
  TrainerOptions options = arguments.trainer_options(data.batches_per_epoch());
  options.resume_from = checkpoint;
  Trainer trainer(model, optimizer, data, options);
  print_line(trainer.describe_constants());
  explain_precision(trainer);
  check_first(arguments, trainer, test);
  if (!options.resume_from.empty())
    print_line(fmt::format("resumed from {} after epoch {}{}", options.resume_from.string(), trainer.epoch(),
                           options.new_schedule
                               ? "; the learning rate follows the schedule given now, so the "
                                 "run is not that of one command"
                               : ""));
  train_epochs(trainer, {.title = "train",
                         .epochs = arguments.epochs,
                         .test = test ? &*test : nullptr,
                         .output = arguments.output});
  print_skipped(data, "training");
  if (test) print_skipped(*test, "test");
  const TrainReport report = make_train_report(model, data, trainer);
  if (trainer.precision() != Precision::kF32) print_line(memory_line(report.memory_f32, report.memory));
  if (!arguments.output.empty()) save_training(arguments.output, trainer, report);
}

void check(const TrainArguments& arguments) {
  if (arguments.resume && arguments.output.empty())
    throw Error(ErrorCode::kInvalidArgument, "--resume needs --output, where the checkpoint is");
  const FileFlag model = {"--onnx", arguments.onnx};
  check_apart(model, {{"--timing_cache", arguments.trainer.timing_cache}});
  if (!arguments.output.empty()) check_apart(model, {{"--output", model_path(arguments.output)}});
  if (arguments.require_mixed) require_mixed(arguments.trainer);
}

void run(const TrainArguments& arguments) {
  set_threads(arguments.threads);
  check(arguments);
  const Model model = open_model(arguments);
  Sgd optimizer(arguments.sgd_options());
  keep_sparsity(model, optimizer, arguments.sparse);
  if (!optimizer.masked_weights().empty())
    print_line(fmt::format("keeping the 2:4 pattern of {} weights", optimizer.masked_weights().size()));
  if (arguments.data.source.empty() || arguments.benchmark_mode) run_benchmark(arguments, model, optimizer);
  else run_training(arguments, model, optimizer);
}

}  // namespace

void add_train(CLI::App& app) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App& train = add_command(app, "train", "Train or fine-tune a model; without --data a benchmark",
                                [arguments](const CLI::App& command) {
                                  arguments->benchmark_mode = is_given(command, "--num_iter");
                                  refuse_ignored(command, *arguments);
                                  run(*arguments);
                                });
  add_train_arguments(train, *arguments);
}

}  // namespace twofour::cli
