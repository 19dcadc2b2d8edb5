#include "cli/exec/precision_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "cli/choice.h"
#include "cli/parse.h"
#include "twofour/error.h"
#include "twofour/quantize.h"

namespace twofour::cli {
namespace {

constexpr Names<DType, 4> kPrecisions = {
    {{"fp32", DType::kF32}, {"fp16", DType::kF16}, {"bf16", DType::kBF16}, {"int8", DType::kI8}}};

DType parse_type(std::string_view text) {
  for (const auto& [name, type] : kPrecisions)
    if (name == text) return type;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is not fp32, fp16, bf16 or int8", text));
}

std::vector<LayerPrecision> parse_precisions(const std::string& text) {
  std::vector<LayerPrecision> precisions;
  for (const auto& [layers, type] : parse_named_words(text)) precisions.push_back({layers, parse_type(type)});
  return precisions;
}

/// "fp32+int8": one for each output.
std::vector<DType> parse_types(std::string_view text) {
  std::vector<DType> types;
  for (;;) {
    const size_t end = text.find('+');
    types.push_back(parse_type(text.substr(0, end)));
    if (end == std::string_view::npos) return types;
    text.remove_prefix(end + 1);
  }
}

std::vector<LayerOutputTypes> parse_output_types(const std::string& text) {
  std::vector<LayerOutputTypes> outputs;
  for (const auto& [layers, types] : parse_named_words(text)) outputs.push_back({layers, parse_types(types)});
  return outputs;
}

/// Those given of the flags that allow other types than the model's.
std::vector<std::string> weak_flags(const PrecisionFlags& flags) {
  std::vector<std::string> given;
  for (const auto& [name, is_given] : {std::pair("--best", flags.best),
                                       {"--bf16", flags.bf16},
                                       {"--fp16", flags.fp16},
                                       {"--int8", flags.int8},
                                       {"--layerPrecisions", !flags.layers.precisions.empty()},
                                       {"--layerOutputTypes", !flags.layers.outputs.empty()}})
    if (is_given) given.emplace_back(name);
  return given;
}

}  // namespace

bool PrecisionFlags::is_random() const { return calib == kRandomCalib; }

void add_precision_flags(CLI::App& exec, PrecisionFlags& f) {
  add_flag(exec, "--bf16", f.bf16, "Try bf16, too, and keep what is faster");
  add_flag(exec, "--fp16", f.fp16, "The same in fp16");
  add_flag(exec, "--int8", f.int8, "The same on 8-bit codes; a float model needs --calib");
  add_flag(exec, "--best", f.best, "All of these; int8 of a float model only with --calib");
  add_path(exec, "--calib", f.calib,
           "Ranges for int8: TensorRT's calibration cache or ONNX Runtime's; random: for timing only");
  add_flag(exec, "--stronglyTyped", f.strongly_typed, "Keep the model's types; it is so without the others");
  add_choice(exec, "--precisionConstraints", f.layers.constraints, kPrecisionConstraintsNames,
             "Of the next two: none | prefer (or warn) | obey (or fail)");
  add_parsed(
      exec, "--layerPrecisions",
      [&f](const std::string& text) { f.layers.precisions = parse_precisions(text); },
      "What layers compute in: conv*:fp32,fc:int8; of several that match the last counts")
      .type_name("NAME:TYPE,...");
  add_parsed(
      exec, "--layerOutputTypes",
      [&f](const std::string& text) { f.layers.outputs = parse_output_types(text); },
      "What layers give: conv1:fp32,split:fp32+int8")
      .type_name("NAME:TYPE,...");
}

std::vector<std::string> check_precision_flags(const PrecisionFlags& flags) {
  const std::vector<std::string> weak = weak_flags(flags);
  if (flags.strongly_typed && !weak.empty())
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--stronglyTyped keeps the model's types, which {} would change: leave one out",
                            fmt::join(weak, ", ")));
  std::vector<std::string> notes;
  if (!flags.calib.empty() && !flags.int8 && !flags.best)
    notes.emplace_back("--calib has no effect without --int8 or --best");
  if (flags.best && !flags.int8 && flags.calib.empty())
    notes.emplace_back("--best does not quantise a float model: --calib has to give its ranges");
  const bool has_wishes = !flags.layers.precisions.empty() || !flags.layers.outputs.empty();
  if (has_wishes && flags.layers.constraints == PrecisionConstraints::kNone)
    notes.emplace_back(
        "--layerPrecisions and --layerOutputTypes have no effect without --precisionConstraints=prefer or "
        "obey");
  return notes;
}

PrecisionOptions precision_options(const PrecisionFlags& flags, const Model& model,
                                   const std::map<std::string, Shape>& shapes) {
  PrecisionOptions options;
  options.bf16 = flags.bf16 || flags.best;
  options.fp16 = flags.fp16 || flags.best;
  options.int8 = flags.int8 || (flags.best && !flags.calib.empty());
  options.random_ranges = options.int8 && flags.is_random();
  options.layers = flags.layers;
  if (options.random_ranges)
    options.ranges =
        calibrate(model, random_calibration(model, shapes), {.method = CalibrationMethod::kMinMax});
  else if (options.int8 && !flags.calib.empty()) options.ranges = read_calibration(flags.calib, model);
  return options;
}

}  // namespace twofour::cli
