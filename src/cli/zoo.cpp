// `twofour zoo`: networks that twofour can build itself.
#include <fmt/format.h>

#include <memory>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/file_flags.h"
#include "twofour/model.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string name, output;
  ZooOptions zoo;
};

void run(const Options& options) {
  check_writable({{"--output", options.output}});
  if (options.name.empty()) {
    for (const std::string& name : Model::zoo_names()) print_line(name);
    return;
  }
  const Model model = Model::zoo(options.name, options.zoo);
  print_line(
      fmt::format("{}: {} nodes, {} parameters", options.name, model.num_nodes(), model.num_parameters()));
  if (!options.output.empty()) model.save(options.output);
}

}  // namespace

void add_zoo(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App& zoo = add_command(app, "zoo", "List built-in networks, or write one with fresh weights",
                              [options](const CLI::App&) { run(*options); });
  add_text(zoo, "name", options->name, "Network; none lists them");
  add_path(zoo, "--output,-o", options->output, "ONNX file to write");
  add_number(zoo, "--classes", options->zoo.num_classes, {1, kMostClasses}, "Number of classes")
      .default_text("");
  add_number(zoo, "--seed", options->zoo.seed, {0, kMostSeed}, "Seed of the weights");
}

}  // namespace twofour::cli
