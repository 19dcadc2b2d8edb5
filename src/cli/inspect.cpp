// `twofour inspect`: what a model is, and which of its layers are or could be 2:4.
#include <fmt/format.h>

#include <memory>

#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/file_flags.h"
#include "cli/sparsity_table.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string model, json;
  bool text = false;
};

void run(const Options& options) {
  check_files({{"model", options.model}}, {{"--json", options.json}});
  const Model model = Model::load(options.model);
  print_line(
      fmt::format("{}: {} nodes, {} parameters", options.model, model.num_nodes(), model.num_parameters()));
  for (const std::string& line : model.inputs()) print_line("input  " + line);
  for (const std::string& line : model.outputs()) print_line("output " + line);
  const std::vector<SparsityRow> rows = model.sparsity();
  print_line("");
  print_line(sparsity_table(rows).text());
  print_line("");
  print_line(sparsity_summary(rows));
  if (options.text) print_line(model.text());
  if (!options.json.empty()) write_file_atomic(options.json, sparsity_json(rows));
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App& inspect = add_command(app, "inspect", "Show a model's layers and their 2:4 sparsity",
                                  [options](const CLI::App&) { run(*options); });
  add_text(inspect, "model", options->model, "ONNX file").required();
  add_flag(inspect, "--text", options->text, "Print the whole graph too");
  add_path(inspect, "--json", options->json, "Write the sparsity table as JSON");
}

}  // namespace twofour::cli
