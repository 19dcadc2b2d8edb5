#include <algorithm>
#include <cmath>

#include "base/json_exact.h"
#include "twofour/quantize_options.h"

namespace twofour {
namespace {

/// Null where there is no noise at all.
Json decibels(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json to_json(const QuantizedLayer& layer) {
  Json json = {{"layer", layer.layer},
               {"op", layer.op},
               {"quantized", layer.quantized},
               {"reason", layer.reason},
               {"least_weight_scale", layer.least_scale},
               {"largest_weight_scale", layer.largest_scale}};
  if (layer.measured) {
    json["snr_db"] = decibels(layer.snr_db);
    json["bias_correction"] = layer.bias_correction;
  }
  return json;
}

Json to_json(const QuantizedTensor& tensor) {
  return {{"tensor", tensor.tensor},
          {"codes", tensor.codes},
          {"low", tensor.range.low},
          {"high", tensor.range.high},
          {"scale", tensor.scale},
          {"zero_point", tensor.zero_point},
          {"clipped_fraction", tensor.range.clipped}};
}

Json to_json(const SensitivityStep& step) {
  return {{"layer", step.layer}, {"accuracy_fraction", step.accuracy}};
}

}  // namespace

int64_t QuantizeReport::num_quantized() const {
  return std::ranges::count_if(layers, [](const QuantizedLayer& layer) { return layer.quantized; });
}

std::string QuantizeReport::json() const {
  const auto row = [](const auto& item) { return to_json(item); };
  Json outputs = Json::object();
  for (const auto& [name, snr_db] : outputs_db) outputs[name] = decibels(snr_db);
  Json json = {{"layers", list_to_json(layers, row)},
               {"tensors", list_to_json(tensors, row)},
               {"outputs_snr_db", std::move(outputs)}};
  if (!sensitivity.curve.empty())
    json["sensitivity"] = {{"float_accuracy_fraction", sensitivity.float_accuracy},
                           {"alone", list_to_json(sensitivity.alone, row)},
                           {"curve", list_to_json(sensitivity.curve, row)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace twofour
