#include "quant/quantise.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "passes/rewrites.h"
#include "quant/calibration.h"
#include "quant/equalise.h"
#include "quant/layers.h"
#include "quant/smooth.h"

namespace twofour::quant {
namespace {

void check_real(const Graph& graph) {
  const Node* codes = find_codes(graph);
  TWOFOUR_CHECK(!codes, kFailedPrecondition,
                "the model is quantised already: it has {}; quantise the one it was made from",
                codes->label());
}

void check_options(const QuantizeOptions& options, bool has_data, bool has_score) {
  TWOFOUR_CHECK(has_data || !options.ranges.empty(), kInvalidArgument,
                "there are neither calibration data nor known ranges");
  TWOFOUR_CHECK(
      options.ranges.empty() || (!options.equalize && options.smooth == 0), kInvalidArgument,
      "equalisation and SmoothQuant change what the known ranges were measured on: calibrate instead");
  TWOFOUR_CHECK(!has_score || options.budget >= 0, kInvalidArgument,
                "the accuracy may drop by {}; 0 or more is expected", options.budget);
}

/// A glob that matches nothing is found before the data are run.
void check_globs(const Graph& graph, const QuantizeOptions& options) {
  std::vector<Layer> layers = find_layers(graph);
  exclude_layers(layers, options.include, options.exclude);
}

/// Before: prepare().
void reshape_ranges(Graph& graph, const RunFn& run, const QuantizeOptions& options) {
  if (options.equalize) log_info("{} pairs of convolutions are equalised", equalise(graph));
  if (options.smooth > 0)
    log_info("{} layer normalisations are smoothed", smooth(graph, run, options.smooth));
}

std::map<std::string, OutputError> measure_layers(const Graph& graph, const TensorRanges& ranges,
                                                  const QuantizeOptions& options, const RunFn& run) {
  Graph trial = graph.clone();
  insert_codes(trial, ranges, options);
  return layer_errors(graph, trial, run);
}

void take_bias(const std::map<std::string, OutputError>& errors, Corrections& corrections) {
  for (const auto& [layer, error] : errors)
    if (!error.bias.empty()) corrections.bias[layer].assign(error.bias.begin(), error.bias.end());
}

void add_errors(const std::map<std::string, OutputError>& errors, QuantizeReport& report) {
  for (QuantizedLayer& layer : report.layers) {
    const auto error = errors.find(layer.layer);
    if (!layer.quantized || error == errors.end()) continue;
    layer.measured = true;
    layer.snr_db = layer.bias_correction > 0 ? error->second.corrected_snr_db() : error->second.snr_db();
  }
}

}  // namespace

const Node* find_codes(const Graph& graph) {
  constexpr std::array<std::string_view, 6> kOps = {"QuantizeLinear",        "DequantizeLinear",
                                                    "DynamicQuantizeLinear", "ConvInteger",
                                                    "MatMulInteger",         "DynamicQuantizeLSTM"};
  for (const auto& node : graph.nodes())
    if (std::ranges::find(kOps, node->op()) != kOps.end()) return node.get();
  return nullptr;
}

void prepare(Graph& graph) {
  passes::eliminate_identity(graph);
  while (passes::fold_batch_norm(graph) > 0) continue;
  passes::fuse_layer_norm(graph);
  graph.erase_dead();
}

TensorRanges ranges_of(Graph& graph, const RunFn& run, const QuantizeOptions& options) {
  check_real(graph);
  prepare(graph);
  return calibrate(graph, run, options);
}

QuantizeReport quantise(Graph& graph, const RunFn& run, const QuantizeOptions& options,
                        const ScoreFn& score) {
  check_real(graph);
  check_options(options, run != nullptr, score != nullptr);
  check_globs(graph, options);
  prepare(graph);
  reshape_ranges(graph, run, options);
  QuantizeReport report;
  report.ranges = options.ranges.empty() ? calibrate(graph, run, options) : options.ranges;
  std::map<std::string, OutputError> errors;
  Corrections corrections;
  if (run) errors = measure_layers(graph, report.ranges, options, run);
  if (options.bias_correction) take_bias(errors, corrections);
  if (score) report.sensitivity = find_real_layers(graph, report.ranges, options, errors, score, corrections);
  const Graph real = graph.clone();
  InsertReport inserted = insert_codes(graph, report.ranges, options, corrections);
  report.layers = std::move(inserted.layers);
  report.tensors = std::move(inserted.tensors);
  add_errors(errors, report);
  if (run) report.outputs_db = output_snr_db(real, graph, run);
  return report;
}

}  // namespace twofour::quant
