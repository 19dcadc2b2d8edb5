// `twofour quantize`: a float model becomes one on 8-bit codes, standard ONNX with QuantizeLinear and
// DequantizeLinear.
#include <fmt/format.h>

#include <memory>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/file_flags.h"
#include "cli/input_options.h"
#include "cli/parse.h"
#include "cli/quantize_data.h"
#include "cli/quantize_report.h"
#include "twofour/files.h"
#include "twofour/train.h"

namespace twofour::cli {
namespace {

constexpr int64_t kBatchSize = 32;  // all activations of a layer are in memory at once

struct Options {
  std::string model, output, calib, write_calib, eval_data, json;
  DataArguments data;
  InputFiles folders;
  QuantizeOptions quantize;
  int64_t num_calib = 512;
  bool no_bias_correction = false;
  int threads = 0;

  bool has_data() const { return !data.source.empty() || !folders.empty(); }
};

/// "0.5%" or "0.005".
double parse_budget(const std::string& text) {
  const bool percent = text.ends_with('%');
  const auto number = parse_number<double>(std::string_view(text).substr(0, text.size() - percent));
  const double fraction = percent ? number / 100 : number;
  if (fraction < 0 || fraction > 1)
    throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is not between 0 and 100 %", text));
  return fraction;
}

void refuse_ignored(const CLI::App& command, const Options& o) {
  std::vector<OptionUse> uses = data_uses(o.data, o.eval_data);
  const bool images = !o.data.source.empty();
  const bool calibrates = o.calib.empty();
  const bool by_percentile = o.quantize.method == CalibrationMethod::kPercentile;
  uses.push_back({"--num_calib", o.has_data(), "--data or --loadInputs"});
  uses.push_back({"--seed", images || !o.eval_data.empty(), "--data"});
  uses.push_back({"--batch_size", images || !o.eval_data.empty(), "--data"});
  uses.push_back({"--method", calibrates, "ranges that are not given by --calib"});
  uses.push_back({"--percentile", calibrates && by_percentile, "--method=percentile"});
  uses.push_back({"--budget", !o.eval_data.empty(), "--eval_data"});
  uses.push_back({"--no_bias_correction", o.has_data(), "--data or --loadInputs"});
  refuse_ignored(command, uses);
}

void check(const Options& o) {
  if (!o.has_data() && o.calib.empty())
    throw Error(ErrorCode::kInvalidArgument,
                "--data, --loadInputs or --calib must say which values the tensors have");
  check_files({{"model", o.model}, {"--calib", o.calib}},
              {{"--output", o.output}, {"--write_calib", o.write_calib}, {"--json", o.json}});
}

QuantizeReport quantize_with_data(const Options& o, Model& model) {
  AccuracyFn accuracy;
  std::optional<DataLoader> labelled;
  if (!o.eval_data.empty()) {
    DataArguments arguments = o.data;
    arguments.source = o.eval_data;
    labelled = open_data(arguments, model, {.split = Split::kTestOrAll, .shuffle = false});
    accuracy = [&](const Model& candidate) { return evaluate(candidate, *labelled).accuracy(); };
  }
  if (!o.folders.empty())
    return quantize(model, with_progress(calibration_files(model, o.folders, o.num_calib), o.num_calib),
                    o.quantize, accuracy);
  if (o.data.source.empty()) return quantize(model, {}, o.quantize, accuracy);
  DataLoader images = open_data(o.data, model, {.split = Split::kTrain});
  const int64_t most = std::min(o.num_calib, images.size());
  return quantize(model, with_progress(calibration_images(model, images, most), most), o.quantize, accuracy);
}

void run(const Options& options, const CLI::App& command) {
  refuse_ignored(command, options);
  set_threads(options.threads);
  check(options);
  Model model = Model::load(options.model);
  Options settled = options;
  settled.quantize.bias_correction = !options.no_bias_correction;
  if (!options.calib.empty()) settled.quantize.ranges = read_calibration(options.calib, model);
  const QuantizeReport report = quantize_with_data(settled, model);
  model.save(options.output);
  print_line(quantize_table(report).text());
  print_line("");
  print_line(quantize_summary(report));
  print_line(fmt::format("wrote {}", options.output));
  if (!options.write_calib.empty()) write_calibration(options.write_calib, report.ranges);
  if (!options.json.empty()) write_file_atomic(options.json, report.json());
}

void add_ranges(CLI::App& command, Options& o) {
  start_group(command, "Ranges");
  add_choice(command, "--method", o.quantize.method, kCalibrationMethodNames,
             "How ranges follow from the values that tensors have");
  add_number(command, "--percentile", o.quantize.percentile, {50, 100},
             "Of the values, that --method=percentile does not clip");
  add_number(command, "--num_calib", o.num_calib, {1, kMostImages}, "Images or files to calibrate on");
  add_path(command, "--calib", o.calib, "Ranges from TensorRT's calibration cache or ONNX Runtime's");
  add_path(command, "--write_calib", o.write_calib, "Write the ranges as TensorRT's calibration cache");
  add_choice(command, "--activations", o.quantize.activations, kActivationCodesNames,
             "Codes of activations: u8 with a zero point, s8 symmetric");
}

void add_accuracy(CLI::App& command, Options& o) {
  start_group(command, "Accuracy");
  add_list(command, "--include", o.quantize.include, "Only layers that match a pattern (*, ?)");
  add_list(command, "--exclude", o.quantize.exclude, "Not layers that match a pattern");
  add_flag(command, "--no_bias_correction", o.no_bias_correction,
           "Leave the mean errors that codes cause in the outputs of layers");
  add_flag(command, "--equalize", o.quantize.equalize,
           "Give the channels between two convolutions the same range first");
  add_number(command, "--smooth", o.quantize.smooth, {0, 1},
             "SmoothQuant's alpha: move outliers behind layer normalisations into the weights; 0.5 for BERT")
      .default_text("off");
  add_text(command, "--eval_data", o.eval_data, "Labelled images to measure the accuracy on");
  add_parsed(
      command, "--budget", [&o](const std::string& text) { o.quantize.budget = parse_budget(text); },
      "Drop of accuracy that is allowed: layers that cost most stay in floating point")
      .default_text("0.5%")
      .type_name("N%");
}

}  // namespace

void add_quantize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  options->data.batch_size = kBatchSize;
  CLI::App& command = add_command(app, "quantize", "Quantise a model to 8-bit integers with calibration data",
                                  [options](const CLI::App& given) { run(*options, given); });
  add_text(command, "model", options->model, "ONNX file").required();
  add_path(command, "--output,-o", options->output, "ONNX file to write").required();
  add_path(command, "--json", options->json, "Write the report as JSON");
  add_threads_option(command, options->threads);
  add_ranges(command, *options);
  add_accuracy(command, *options);
  const Argument data = add_data_arguments(command, options->data);
  add_parsed(
      command, "--loadInputs",
      [options](const std::string& text) { options->folders = parse_named_files(text); },
      "Calibration data as folders of .npy files: name:folder,...; files in the order of their names")
      .type_name("NAME:FOLDER,...")
      .excludes(data);
}

}  // namespace twofour::cli
