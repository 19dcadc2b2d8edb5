// `twofour eval`: top-1 accuracy of a model.
#include <fmt/format.h>

#include <memory>

#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/data_arguments.h"
#include "cli/file_flags.h"
#include "cli/json_text.h"
#include "twofour/engine.h"
#include "twofour/files.h"
#include "twofour/train.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string onnx, json;
  DataArguments data;
  int threads = 0;
};

void run(const Options& options, const CLI::App& command) {
  std::vector<OptionUse> uses = data_uses(options.data);
  uses.push_back({"--seed", is_drawn(options.data.source), "--data=digits"});
  refuse_ignored(command, uses);
  set_threads(options.threads);
  check_files({{"--onnx", options.onnx}}, {{"--json", options.json}});
  const Model model = Model::load(options.onnx);
  DataLoader data = open_data(options.data, model, {.split = Split::kTestOrAll, .shuffle = false});
  ProgressBar bar("evaluating");
  const Evaluation result =
      evaluate(model, data, [&](int64_t done, int64_t total) { bar.update(done, total); });
  bar.finish(fmt::format("accuracy {:.2f} % ({} of {} images), {:.1f} images/s{}", result.accuracy() * 100,
                         result.correct, result.images, result.images_per_s(), skipped_text(result.skipped)));
  if (options.json.empty()) return;
  const nlohmann::ordered_json json = {{"model", options.onnx},
                                       {"images", result.images},
                                       {"correct", result.correct},
                                       {"nan_images", result.nan_images},
                                       {"skipped", result.skipped},
                                       {"accuracy_fraction", result.accuracy()},
                                       {"images_per_s", result.images_per_s()}};
  write_file_atomic(options.json, json_text(json));
}

}  // namespace

void add_eval(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App& eval = add_command(app, "eval", "Measure a model's accuracy on labelled images",
                               [options](const CLI::App& command) { run(*options, command); });
  add_path(eval, "--onnx", options->onnx, "Model").required();
  add_threads_option(eval, options->threads);
  add_path(eval, "--json", options->json, "Write the result as JSON");
  add_data_arguments(eval, options->data).required();
}

}  // namespace twofour::cli
