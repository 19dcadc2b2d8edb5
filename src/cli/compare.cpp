// `twofour compare`: where an engine's numbers come from another side's, layer by layer.
#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/compare_report.h"
#include "cli/console.h"
#include "cli/exec/shape_profile.h"
#include "cli/inputs.h"
#include "cli/parse.h"
#include "cli/sparsity_choice.h"
#include "cli/threads.h"
#include "twofour/error.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string model, other, shapes, load_inputs, load_tactics, timing_cache, html, json;
  bool reference = false, dense = false;
  Sparsity sparsity = Sparsity::kEnable;
  CompareOptions compare;
  uint32_t seed = 24;
  int threads = 0;
};

std::map<std::string, Shape> shapes_of(const Options& options, const std::string& onnx) {
  const auto defaults = Model::default_shapes(onnx);
  std::vector<std::string> open;
  for (const auto& [name, shape] : defaults) open.push_back(name);
  auto shapes = expand_wildcards(parse_shapes(options.shapes), open);
  shapes.insert(defaults.begin(), defaults.end());
  return shapes;
}

Model load(const Options& options, const std::string& onnx) {
  return Model::load(onnx, {.shapes = shapes_of(options, onnx), .kept_inputs = {}});
}

Engine build(const Options& options, const Model& model, Sparsity sparsity) {
  BuildOptions build;
  build.sparsity = sparsity;
  build.replay_tactics = options.load_tactics;
  build.tuning.timing_cache = options.timing_cache;
  return build_engine(model, build).engine;
}

CompareReport compare(const Options& options, std::string& title) {
  const Model model = load(options, options.model);
  const Engine engine = build(options, model, options.sparsity);
  const auto files = parse_named_files(options.load_inputs);
  const Inputs inputs = load_inputs(engine, {.files = files, .seed = options.seed});
  const std::string note = random_inputs_note(inputs, files);
  if (options.other.empty() && !options.dense) {
    title = options.model + " against the reference kernels";
    return run_with_note(note, [&] { return compare_to_reference(engine, model, inputs, options.compare); });
  }
  const Model other = options.dense ? model : load(options, options.other);
  const Sparsity sparsity = options.dense ? Sparsity::kDisable : options.sparsity;
  title = options.model + " against " + (options.dense ? "its dense engine" : options.other);
  const Engine second = build(options, other, sparsity);
  return run_with_note(note, [&] { return compare_to_engine(engine, second, inputs, options.compare); });
}

void check(const Options& options) {
  const Tolerance& tolerance = options.compare.tolerance;
  if (!(tolerance.atol >= 0) || !(tolerance.rtol >= 0))
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("tolerances cannot be negative, got --atol={}, --rtol={}", tolerance.atol,
                            tolerance.rtol));
}

void run(const Options& options) {
  check(options);
  use_threads(options.threads);
  std::string title;
  const CompareReport report = compare(options, title);
  print_line(title);
  print_line(compare_table(report).text());
  print_line(compare_findings(report));
  if (!options.html.empty()) write_file_atomic(options.html, compare_page(report, title));
  if (!options.json.empty()) write_file_atomic(options.json, report.json());
  for (const LayerDifference& output : report.outputs)
    if (!output.difference.within())
      throw Error(ErrorCode::kFailedPrecondition,
                  fmt::format("output \"{}\" is out of tolerance: {} of {} elements, at most {:.3g} apart",
                              output.tensor, output.difference.mismatches, output.difference.elements,
                              output.difference.max_abs));
}

void add_sides(CLI::App& compare, Options& o) {
  compare.add_option("model", o.model, "ONNX file whose engine is looked at")->required();
  CLI::Option* other = compare.add_option("other", o.other, "ONNX file to compare with");
  compare
      .add_flag("--reference", o.reference,
                "Compare with the reference kernels (without `other` the default)")
      ->excludes(other);
  compare.add_flag("--dense", o.dense, "Compare with the dense engine of the same model")
      ->excludes(other)
      ->excludes("--reference");
  add_sparsity_choice(compare, o.sparsity);
  compare.add_option("--loadTactics", o.load_tactics, "Replay the tactics of an earlier build");
  compare.add_option("--timingCacheFile", o.timing_cache, "Measured times to start from and to keep");
  add_threads_option(compare, o.threads);
}

void add_inputs(CLI::App& compare, Options& o) {
  compare.add_option("--shapes", o.shapes, "Sizes of open dimensions: input:1x3x224x224,...");
  compare.add_option("--loadInputs", o.load_inputs,
                     "Inputs from raw files: name:file,...; others are random");
  compare.add_option("--seed", o.seed, "Of random inputs")->capture_default_str();
}

void add_judgement(CLI::App& compare, Options& o) {
  Tolerance& tolerance = o.compare.tolerance;
  compare.add_option("--atol", tolerance.atol, "An element agrees when |a - b| <= atol + rtol * |b|")
      ->capture_default_str();
  compare.add_option("--rtol", tolerance.rtol, "Relative part")->capture_default_str();
  compare.add_flag("--bisect", o.compare.bisect,
                   "Find the layer with which a failing output leaves tolerance");
  compare.add_option("--html", o.html, "Write the report as a page");
  compare.add_option("--json", o.json, "Write the report as JSON");
}

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* compare =
      app.add_subcommand("compare", "Compare two models, or an engine with the reference, layer by layer");
  add_sides(*compare, *options);
  add_inputs(*compare, *options);
  add_judgement(*compare, *options);
  compare->callback([options] { run(*options); });
}

}  // namespace twofour::cli
