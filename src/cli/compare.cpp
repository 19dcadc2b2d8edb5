// `twofour compare`: where an engine's numbers come from another side's, layer by layer.
#include <fmt/format.h>

#include <limits>
#include <memory>

#include "cli/command.h"
#include "cli/compare_report.h"
#include "cli/console.h"
#include "cli/exec/shape_profile.h"
#include "cli/file_flags.h"
#include "cli/input_options.h"
#include "cli/sparsity_choice.h"
#include "twofour/error.h"
#include "twofour/files.h"

namespace twofour::cli {
namespace {

struct Options {
  std::string model, other, load_tactics, timing_cache, html, json;
  Shapes shapes;
  InputFiles load_inputs;
  bool reference = false, dense = false;
  Sparsity sparsity = Sparsity::kEnable;
  CompareOptions compare;
  uint32_t seed = kInputSeed;
  int threads = 0;
};

Model load(const Options& options, const std::string& onnx) {
  const std::vector<TensorInfo> inputs = Model::input_infos(onnx);
  const Shapes shapes = expand_wildcards(options.shapes, names_of_open(inputs));
  for (const auto& [name, shape] : shapes) check_spelling(inputs, name);
  LoadOptions load{with_default_shapes(inputs, shapes), {}};
  for (const auto& [name, file] : options.load_inputs) load.kept_inputs.insert(name);
  return Model::load(onnx, load);
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
  check_input_files(shaped_inputs(model.input_infos(), {}), options.load_inputs);
  const Engine engine = build(options, model, options.sparsity);
  const Inputs inputs = load_inputs(engine, options.load_inputs, options.seed);
  const std::string note = random_inputs_note(inputs, options.load_inputs);
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
  if (options.compare.bisect && (options.dense || !options.other.empty()))
    throw Error(ErrorCode::kInvalidArgument, "--bisect works only against the reference kernels");
  std::vector<FileFlag> read = {
      {"model", options.model}, {"other", options.other}, {"--loadTactics", options.load_tactics}};
  for (const auto& [name, path] : options.load_inputs) read.push_back({"--loadInputs", path});
  check_files(
      read,
      {{"--html", options.html}, {"--json", options.json}, {"--timingCacheFile", options.timing_cache}});
}

void run(const Options& options) {
  set_threads(options.threads);
  check(options);
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
  add_text(compare, "model", o.model, "ONNX file whose engine is looked at").required();
  const Argument other = add_text(compare, "other", o.other, "ONNX file to compare with");
  const Argument reference = add_flag(compare, "--reference", o.reference,
                                      "Compare with the reference kernels (without `other` the default)")
                                 .excludes(other);
  add_flag(compare, "--dense", o.dense, "Compare with the dense engine of the same model")
      .excludes(other)
      .excludes(reference);
  add_sparsity_choice(compare, o.sparsity);
  add_path(compare, "--loadTactics", o.load_tactics, "Replay the tactics of an earlier build");
  add_path(compare, "--timingCacheFile", o.timing_cache, "Measured times to start from and to keep");
  add_threads_option(compare, o.threads);
}

void add_inputs(CLI::App& compare, Options& o) {
  add_shapes(compare, "--shapes", o.shapes);
  add_load_inputs(compare, o.load_inputs);
  add_number(compare, "--seed", o.seed, {0, std::numeric_limits<uint32_t>::max()}, "Of random inputs");
}

void add_judgement(CLI::App& compare, Options& o) {
  Tolerance& tolerance = o.compare.tolerance;
  constexpr double kMost = std::numeric_limits<double>::max();
  add_number(compare, "--atol", tolerance.atol, {0, kMost},
             "An element agrees when |a - b| <= atol + rtol * |b|");
  add_number(compare, "--rtol", tolerance.rtol, {0, kMost}, "Relative part");
  add_flag(compare, "--bisect", o.compare.bisect,
           "Find the layer with which a failing output leaves tolerance; against the reference only");
  add_path(compare, "--html", o.html, "Write the report as a page");
  add_path(compare, "--json", o.json, "Write the report as JSON");
}

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App& compare =
      add_command(app, "compare", "Compare two models, or an engine with the reference, layer by layer",
                  [options](const CLI::App&) { run(*options); });
  add_sides(compare, *options);
  add_inputs(compare, *options);
  add_judgement(compare, *options);
}

}  // namespace twofour::cli
