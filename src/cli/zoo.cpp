// `twofour zoo`: networks that twofour can build itself.
#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/console.h"
#include "twofour/model.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string name, output;
  ZooOptions zoo;
};

void run(const Options& options) {
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
  CLI::App* zoo = app.add_subcommand("zoo", "List built-in networks, or write one with fresh weights");
  zoo->add_option("name", options->name, "Network; none lists them");
  zoo->add_option("-o,--output", options->output, "ONNX file to write");
  zoo->add_option("--classes", options->zoo.num_classes, "Number of classes");
  zoo->add_option("--seed", options->zoo.seed, "Seed of the weights")->capture_default_str();
  zoo->callback([options] { run(*options); });
}

}  // namespace twofour::cli
