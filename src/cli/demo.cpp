// `twofour demo`: the whole road on data that twofour draws itself.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/demo_engines.h"
#include "cli/output_folder.h"
#include "cli/train_run.h"
#include "twofour/engine.h"
#include "twofour/error.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string output = "demo";
  bool quick = false;
  uint64_t seed = 1;
  int threads = 0;
};

struct Recipe {
  int64_t train_images, test_images, epochs;
  int tuning_level;
  double seconds_per_pair;            // of engines
  std::vector<int64_t> wide_batches;  // of the network that is not trained
};
Recipe full_recipe() { return {20000, 5000, 6, 3, 4, {1, 8}}; }
Recipe quick_recipe() { return {5000, 2000, 4, 2, 1, {8}}; }
constexpr const char* kWideNetwork = "resnet50";
constexpr int64_t kBatchSize = 64;
constexpr double kLearningRate = 0.05;

class Demo {
 public:
  explicit Demo(const Options& options)
      : options_(options),
        recipe_(options.quick ? quick_recipe() : full_recipe()),
        model_(Model::zoo("cnn", {.num_classes = 10, .image_shape = {}, .seed = options.seed})),
        train_data_(data(true)),
        test_data_(data(false)) {}

  DemoResult run() {
    const auto start = std::chrono::steady_clock::now();
    print_line(fmt::format("twofour demo on {}, {} threads", device_name(), set_threads(0)));
    train_dense();
    prune_and_retrain();
    export_models();
    compare_engines();
    compare_wide_engines();
    result_.total_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(result_);
  }

 private:
  DataLoader data(bool train) const {
    DataOptions options;
    options.source = "digits";
    options.split = train ? Split::kTrain : Split::kTest;
    options.image_shape = model_.image_shape();
    options.size = train ? recipe_.train_images : recipe_.test_images;
    options.seed = options_.seed;
    options.batch_size = kBatchSize;
    options.shuffle = train;
    options.mean = {0.5F};
    options.std = {0.5F};
    return DataLoader(options);
  }

  TrainerOptions trainer_options() const {
    TrainerOptions options;
    options.schedule = {.kind = ScheduleKind::kCosine,
                        .total_steps = recipe_.epochs * train_data_.batches_per_epoch(),
                        .warmup_steps = train_data_.batches_per_epoch() / 4,
                        .milestones = {}};
    options.precision = Precision::kF16;
    options.force_half = true;  // the demo shows mixed precision on every machine
    return options;
  }

  std::vector<EpochRecord> train(const Sgd& optimizer, const std::string& title) {
    Trainer trainer(model_, optimizer, train_data_, trainer_options());
    train_epochs(trainer, {.title = title, .epochs = recipe_.epochs, .test = &test_data_, .output = {}});
    model_ = trainer.model();
    return trainer.history();
  }

  void train_dense() {
    print_line(fmt::format("\n1. Train {} ({} parameters) in mixed precision on {} drawn digits",
                           model_.name(), model_.num_parameters(), train_data_.size()));
    result_.dense_epochs = train(Sgd(sgd()), "dense");
    result_.dense = evaluate(model_, test_data_).accuracy();
    dense_model_ = std::make_unique<Model>(model_.clone());
    result_.memory_f32 = step_memory(model_, kBatchSize, Precision::kF32);
    result_.memory_mixed = step_memory(model_, kBatchSize, Precision::kF16);
  }

  void prune_and_retrain() {
    print_line("\n2. Prune once to 2:4 by magnitude");
    Sgd optimizer(sgd());
    prune_trained_model(model_, optimizer);
    result_.pruned = evaluate(model_, test_data_).accuracy();
    print_line(fmt::format("accuracy {:.2f} % -> {:.2f} %", result_.dense * 100, result_.pruned * 100));
    print_line("\n3. Repeat the same training with the mask kept");
    result_.retrain_epochs = train(optimizer, "2:4");
    result_.retrained = evaluate(model_, test_data_).accuracy();
  }

  void export_models() {
    const std::filesystem::path folder = options_.output;
    dense_model_->save(folder / "dense.onnx");
    model_.save(folder / "sparse.onnx");
    // What counts is what a reader of the file finds.
    for (const SparsityRow& row : Model::load(folder / "sparse.onnx").sparsity()) {
      ++result_.weight_layers;
      if (!row.eligible) continue;
      result_.sparse_layers += row.sparse;
      result_.violations += row.violations;
    }
    print_line(
        fmt::format("\n4. Exported {0}/dense.onnx and {0}/sparse.onnx: {1} of {2} layers 2:4, {3} violations",
                    options_.output, result_.sparse_layers, result_.weight_layers, result_.violations));
  }

  void compare_engines() {
    print_line("\n5. Build a dense and a sparse engine for each batch size and time them in turn");
    for (const int64_t batch : {1, 8, 64}) result_.engines.push_back(compare(*dense_model_, model_, batch));
  }

  void compare_wide_engines() {
    print_line(
        fmt::format("\n6. The same for {} with fresh weights: layers as wide as real ones", kWideNetwork));
    const Model dense = Model::zoo(kWideNetwork, {.seed = options_.seed});
    Model sparse = dense.clone();
    sparse.prune();
    for (const int64_t batch : recipe_.wide_batches)
      result_.wide_engines.push_back(compare(dense, sparse, batch));
  }

  EngineResult compare(const Model& dense, const Model& sparse, int64_t batch) const {
    TuningOptions tuning;
    tuning.level = recipe_.tuning_level;
    tuning.timing_cache = std::filesystem::path(options_.output) / "timings.json";
    return compare_networks(dense, sparse, batch, tuning, recipe_.seconds_per_pair);
  }

  SgdOptions sgd() const {
    return {.lr = kLearningRate,
            .momentum = 0.9,
            .nesterov = true,
            .weight_decay = 5e-4,
            .decay_norm_and_bias = false};
  }

  const Options& options_;
  const Recipe recipe_;
  Model model_;
  std::unique_ptr<Model> dense_model_;
  DataLoader train_data_;
  DataLoader test_data_;
  DemoResult result_;
};

void run(const Options& options) {
  set_threads(options.threads);
  const std::filesystem::path folder = options.output;
  const OutputFolder made(folder);
  const DemoResult result = Demo(options).run();
  write_file_atomic(folder / "report.json", demo_json(result));
  write_file_atomic(folder / "report.html", demo_html(result));
  print_line("\n" + accuracy_table(result).text() + "\n\n" + engine_table(result.engines).text() + "\n\n" +
             engine_table(result.wide_engines).text());
  print_line(fmt::format("\n{0:.0f} s in all. Report: {1}/report.html and {1}/report.json", result.total_s,
                         options.output));
  const auto failures = demo_failures(result);
  if (!failures.empty())
    throw Error(ErrorCode::kFailedPrecondition,
                fmt::format("the demo did not show what it should: {}", fmt::join(failures, "; ")));
}

}  // namespace

void add_demo(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App& demo =
      add_command(app, "demo", "The whole road on built-in data: train, prune, retrain, build, measure",
                  [options](const CLI::App&) { run(*options); });
  add_path(demo, "--output", options->output, "Folder for models and report").default_text(options->output);
  add_flag(demo, "--quick", options->quick, "Less data and fewer epochs: about a minute");
  add_number(demo, "--seed", options->seed, {0, kMostSeed}, "Of data and weights");
  add_threads_option(demo, options->threads);
}

}  // namespace twofour::cli
