#include "api/precision.h"

#include <set>

#include "api/device.h"
#include "base/glob.h"
#include "builder/layer_types.h"
#include "quant/kinds.h"
#include "quant/quantise.h"
#include "twofour/quantize.h"

namespace twofour {
namespace {

using builder::Precisions;
using builder::Variant;
using Halves = std::vector<std::pair<std::string, DType>>;

/// Products that are wanted in floating point.
std::vector<std::string> real_products(const Graph& graph, const LayerTypes& wanted) {
  std::vector<std::string> globs;
  for (const auto& node : graph.nodes())
    if (quant::is_product(*node) && builder::is_kept_from(wanted, node->name(), DType::kI8))
      globs.push_back(literal_glob(node->name()));
  return globs;
}

/// Without those of results that are wanted in floating point: what has no range is not exchanged as codes.
TensorRanges ranges_for(const Graph& graph, const PrecisionOptions& options) {
  TensorRanges ranges = options.ranges;
  for (const auto& node : graph.nodes())
    if (builder::gives_other_than(options.layers, node->name(), DType::kI8))
      for (const Value* output : node->outputs()) ranges.erase(output->name());
  TWOFOUR_CHECK(!ranges.empty(), kFailedPrecondition,
                "every tensor that has a range is wanted in floating point");
  return ranges;
}

class Chooser {
 public:
  Chooser(const Model& model, const BuildOptions& options) : model_(model), options_(options) {}

  Precisions run() {
    const Node* codes = quant::find_codes(model_.graph());
    if (codes) choose_explicit(*codes);
    else choose();
    return std::move(result_);
  }

 private:
  const PrecisionOptions& wanted() const { return options_.precision; }

  void choose_explicit(const Node& codes) {
    TWOFOUR_CHECK(wanted().ranges.empty(), kFailedPrecondition,
                  "the model is quantised already: it has {}; leave the calibration out, or give the float "
                  "model",
                  codes.label());
    result_.variants.push_back({"int8", model_.graph().clone()});
    for (const auto& [name, type] : halves())
      decline(name, "QuantizeLinear and DequantizeLinear of the model say what computes in which type");
  }

  void choose() {
    TWOFOUR_CHECK(!wanted().int8 || !wanted().ranges.empty(), kInvalidArgument,
                  "int8 needs the ranges of the model's tensors: --calib=FILE, which `twofour quantize MODEL "
                  "--data=... --write_calib=FILE` and TensorRT write, or --calib=random for timing only");
    result_.variants.push_back({"fp32", model_.graph().clone()});
    Halves native;
    for (const auto& [name, type] : halves()) {
      if (const backend::Support support = api::device().native_half(type)) native.emplace_back(name, type);
      else decline(name, support.to_string());
    }
    for (const auto& [name, type] : native) result_.variants.push_back({name, model_.graph().clone(), type});
    if (wanted().int8) add_int8(native);
  }

  Halves halves() const {
    Halves types;
    if (wanted().bf16) types.emplace_back("bf16", DType::kBF16);
    if (wanted().fp16) types.emplace_back("fp16", DType::kF16);
    return types;
  }

  /// Alone, and with each half precision in what stays real.
  void add_int8(const Halves& native) {
    try {
      result_.variants.push_back(quantised());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kFailedPrecondition) throw;
      return decline("int8", error.what());
    }
    for (const auto& [name, type] : native) {
      const Variant& int8 = result_.variants.back();
      result_.variants.push_back({"int8+" + name, int8.graph.clone(), type, int8.timing_only, int8.reasons});
    }
  }

  Variant quantised() const {
    Model model = model_.clone();
    if (options_.sparsity == Sparsity::kForce) model.prune();
    QuantizeOptions quantize_options;
    quantize_options.exclude = real_products(model.graph(), wanted().layers);
    quantize_options.ranges = ranges_for(model.graph(), wanted());
    const QuantizeReport report = quantize(model, {}, quantize_options);
    Variant variant{"int8", std::move(model.graph())};
    variant.timing_only = wanted().random_ranges;
    for (const QuantizedLayer& layer : report.layers) variant.reasons[layer.layer] = layer.reason;
    return variant;
  }

  void decline(const std::string& precision, std::string why) {
    result_.declined.push_back({.precision = precision, .declined = std::move(why)});
  }

  const Model& model_;
  const BuildOptions& options_;
  Precisions result_;
};

}  // namespace

builder::Precisions api::precisions_of(const Model& model, const BuildOptions& options) {
  return Chooser(model, options).run();
}

}  // namespace twofour
