// `twofour prune`: step 2 of the workflow, once, by magnitude.
#include <fmt/format.h>

#include <limits>
#include <memory>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/file_flags.h"
#include "cli/sparsity_table.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string model, output, json;
  PruneOptions prune;
};

void run(const Options& options) {
  check_files({{"model", options.model}}, {{"--output", options.output}, {"--json", options.json}});
  Model model = Model::load(options.model);
  Table table({"Layer", "Weight", ">Zeros %", ">Magnitude kept %", "2:4"});
  std::vector<SparsityRow> rows;
  for (const PruneRow& pruned : model.prune(options.prune)) {
    const SparsityRow& row = pruned.row;
    table.add_row({row.layer, row.weight_shape, fmt::format("{:.1f}", row.zeros * 100),
                   fmt::format("{:.1f}", pruned.magnitude_kept * 100),
                   row.eligible ? "2:4" : "left dense: " + row.reason});
    rows.push_back(row);
  }
  model.save(options.output);
  print_line(table.text());
  print_line("");
  print_line(sparsity_summary(rows));
  print_line(
      fmt::format("wrote {}; now retrain it: twofour train --onnx={} ...", options.output, options.output));
  if (!options.json.empty()) write_file_atomic(options.json, sparsity_json(rows));
}

}  // namespace

void add_prune(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App& prune = add_command(app, "prune", "Prune a model's weights to 2:4 by magnitude",
                                [options](const CLI::App&) { run(*options); });
  add_text(prune, "model", options->model, "ONNX file").required();
  add_path(prune, "--output,-o", options->output, "ONNX file to write").required();
  add_list(prune, "--include", options->prune.include, "Only layers that match a pattern (*, ?)");
  add_list(prune, "--exclude", options->prune.exclude, "Not layers that match a pattern");
  add_number(prune, "--minElements", options->prune.min_elements, {0, std::numeric_limits<int64_t>::max()},
             "Leave smaller weights dense");
  add_path(prune, "--json", options->json, "Write the sparsity table as JSON");
}

}  // namespace twofour::cli
