// The training step of ResNet-18 against PyTorch's on the CPU, step by step in turn, so that whatever else
// runs on the machine meets all of them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/table.h"
#include "cli/timing.h"
#include "contest.h"
#include "twofour/engine.h"
#include "twofour/error.h"
#include "twofour/files.h"
#include "twofour/train.h"

namespace {

using namespace twofour;  // NOLINT(google-build-using-namespace): a program of one file

struct Options {
  int64_t batch_size = 32;
  int rounds = 10, warm_up = 3, threads = 0;
  std::string json;
};

const std::vector<std::string> kFormats = {"channels_last", "default"};

class PyTorch {
 public:
  PyTorch(const Options& options, int threads)
      : program_("train_step_pytorch.py", {std::to_string(options.batch_size), std::to_string(threads)}) {}

  double step_s(const std::string& format) { return std::stod(words(program_.ask(format)).at(0)); }
  double cpu_s() const { return program_.cpu_s(); }
  const std::string& version() const { return program_.greeting().at(0); }
  int64_t parameters() const { return std::stoll(program_.greeting().at(1)); }

 private:
  PythonProgram program_;
};

void report(const Options& options, const std::vector<Contestant>& contestants, double busy,
            const std::string& title) {
  cli::Table table({"Program", ">Step ms", ">Images/s", ">Time / twofour", ">Quartiles"});
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Contestant& c : contestants) {
    const std::vector<double> ratios = ratios_of(c, contestants[0]);
    const double step_s = cli::median_of(c.times_s), ratio = cli::median_of(ratios);
    const double low = cli::percentile_of(ratios, 25), high = cli::percentile_of(ratios, 75);
    const double images_per_s = static_cast<double>(options.batch_size) / step_s;
    table.add_row({c.name, fmt::format("{:.1f}", step_s * 1e3), fmt::format("{:.1f}", images_per_s),
                   fmt::format("{:.3f}", ratio), fmt::format("{:.3f} to {:.3f}", low, high)});
    rows.push_back({{"program", c.name},
                    {"step_ms", step_s * 1e3},
                    {"images_per_s", images_per_s},
                    {"ratio", ratio},
                    {"times_s", c.times_s}});
  }
  fmt::print("{}\n{}\nMedians of {} rounds. Who waited was busy for {:.1f} % of a step at most.\n", title,
             table.text(), options.rounds, busy * 100);
  if (!options.json.empty())
    write_file_atomic(options.json, nlohmann::ordered_json{{"title", title}, {"programs", rows}}.dump(1));
}

void run(const Options& options) {
  const int threads = set_threads(options.threads);
  PyTorch pytorch(options, threads);
  const Model model = Model::zoo("resnet18");
  if (pytorch.parameters() != model.num_parameters())
    throw Error(ErrorCode::kInternal, fmt::format("the networks differ: {} and {} parameters",
                                                  model.num_parameters(), pytorch.parameters()));
  DataLoader data({.source = "synthetic",
                   .image_shape = model.image_shape(),
                   .num_classes = model.num_classes(),
                   .size = options.batch_size * 4,
                   .batch_size = options.batch_size});
  Trainer trainer(model, Sgd({.lr = 0.01, .momentum = 0.9, .weight_decay = 1e-4}), data);

  std::vector<Contestant> contestants = {{"twofour",
                                          [&] { return trainer.benchmark({.num_iter = 1}, {}).time_s; },
                                          [&] { return pytorch.cpu_s(); }, kSettle}};
  for (const std::string& format : kFormats)
    contestants.push_back({"PyTorch, " + format, [&] { return pytorch.step_s(format); }, own_cpu_s, kSettle});
  for (Contestant& c : contestants)
    for (int i = 0; i < options.warm_up; ++i) c.run_s();
  double busy = 0;
  for (int round = 0; round < options.rounds; ++round)
    busy = std::max(busy, run_round(contestants, static_cast<size_t>(round)));
  report(options, contestants, busy,
         fmt::format("ResNet-18 training step, batch {}, 224x224, FP32, {} threads, PyTorch {}, {}",
                     options.batch_size, threads, pytorch.version(), device_name()));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "The training step of ResNet-18 and PyTorch's in turn (TWOFOUR_PYTHON names a Python with PyTorch)");
  Options options;
  app.add_option("--batch", options.batch_size, "Images in a batch")->capture_default_str();
  app.add_option("--rounds", options.rounds, "Steps of each")->capture_default_str();
  app.add_option("--warm_up", options.warm_up, "Steps of each that are not timed")->capture_default_str();
  app.add_option("--threads", options.threads, "Threads; default: all cores");
  app.add_option("--json", options.json, "Write the figures as JSON");
  CLI11_PARSE(app, argc, argv);
  limit_spinning();
  try {
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_train_step: {}\n", error.what());
    return 1;
  }
  return 0;
}
