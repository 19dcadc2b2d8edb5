#include "cli/quantize_report.h"

#include <fmt/format.h>

namespace twofour::cli {
namespace {

std::string decibels(double value) { return fmt::format("{:.1f}", value); }

std::string scales(const QuantizedLayer& layer) {
  return layer.largest_scale > 0 ? fmt::format("{:.3g} to {:.3g}", layer.least_scale, layer.largest_scale)
                                 : "";
}

std::string accuracy_lines(const Sensitivity& found) {
  if (found.curve.empty()) return "";
  std::string text = fmt::format("\naccuracy {:.2f} % in floating point, {:.2f} % with all layers quantised",
                                 found.float_accuracy * 100, found.curve.front().accuracy * 100);
  for (size_t i = 1; i < found.curve.size(); ++i)
    text += fmt::format("\n         {:.2f} % with {} in floating point{}", found.curve[i].accuracy * 100,
                        found.curve[i].layer, i > 1 ? ", too" : "");
  return text;
}

}  // namespace

Table quantize_table(const QuantizeReport& report) {
  Table table({"Layer", "Op", "Weight scales", ">Bias correction", ">SNR dB", "Int8"});
  for (const QuantizedLayer& layer : report.layers)
    table.add_row({layer.layer, layer.op, scales(layer),
                   layer.measured ? fmt::format("{:.2g}", layer.bias_correction) : "",
                   layer.measured ? decibels(layer.snr_db) : "",
                   layer.quantized ? "int8" : "float: " + layer.reason});
  return table;
}

std::string quantize_summary(const QuantizeReport& report) {
  std::string text = fmt::format("{} of {} layers quantised, {} tensors as codes", report.num_quantized(),
                                 report.layers.size(), report.tensors.size());
  for (const auto& [name, snr_db] : report.outputs_db)
    text += fmt::format("\noutput {}: signal-to-noise ratio {} dB", name, decibels(snr_db));
  return text + accuracy_lines(report.sensitivity);
}

}  // namespace twofour::cli
