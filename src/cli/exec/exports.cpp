#include "cli/exec/exports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/exec/tensor_export.h"
#include "cli/json_text.h"

namespace twofour::cli {
namespace {

using Json = nlohmann::ordered_json;

Json tensor_json(const LayerTensor& t) {
  return {{"Name", t.name},
          {"Dimensions", t.any_rank ? Json() : Json(t.shape.dims())},
          {"Format/Datatype", fmt::format("{} {}", t.format, trt_type(t.dtype))},
          {"Constant", t.constant}};
}

Json layer_json(const LayerInfo& layer) {
  Json inputs = Json::array(), outputs = Json::array();
  for (const LayerTensor& t : layer.inputs) inputs.push_back(tensor_json(t));
  for (const LayerTensor& t : layer.outputs) outputs.push_back(tensor_json(t));
  return {{"Name", layer.name},          {"LayerType", layer.op},
          {"Inputs", std::move(inputs)}, {"Outputs", std::move(outputs)},
          {"TacticName", layer.tactic},  {"Precision", layer.precision},
          {"Sparse", layer.sparse}};
}

std::string tensor_text(const LayerTensor& t) {
  const std::string dims = t.any_rank ? "*" : fmt::format("{}", fmt::join(t.shape.dims(), ","));
  return fmt::format("{} {}[{}] {}", t.name, dtype_name(t.dtype), dims, t.format);
}

std::string precision_text(const LayerInfo& layer) {
  return layer.precision.empty() ? "" : layer.precision + ", ";
}

std::string layer_text(const LayerInfo& layer) {
  std::vector<std::string> inputs, outputs;
  for (const LayerTensor& t : layer.inputs)
    if (!t.constant) inputs.push_back(tensor_text(t));
  for (const LayerTensor& t : layer.outputs) outputs.push_back(tensor_text(t));
  return fmt::format("{}: {}, {}{}{}: {} -> {}", layer.name, layer.op, precision_text(layer), layer.tactic,
                     layer.sparse ? " (sparse)" : "", fmt::join(inputs, ", "), fmt::join(outputs, ", "));
}

std::vector<std::string> binding_names(const Engine& engine) {
  std::vector<std::string> names;
  for (const TensorInfo& info : engine.inputs()) names.push_back(info.name);
  for (const TensorInfo& info : engine.outputs()) names.push_back(info.name);
  return names;
}

}  // namespace

std::string times_json(const Trace& trace) {
  Json json = Json::array();
  for (const Query& q : trace.queries)
    json.push_back({{"startEnqMs", q.start_compute},
                    {"endEnqMs", q.end_compute},
                    {"startH2dMs", q.start_in},
                    {"endH2dMs", q.start_compute},
                    {"startComputeMs", q.start_compute},
                    {"endComputeMs", q.end_compute},
                    {"startD2hMs", q.end_compute},
                    {"endD2hMs", q.end_out},
                    {"h2dMs", q.in_ms()},
                    {"computeMs", q.compute_ms()},
                    {"d2hMs", q.out_ms()},
                    {"latencyMs", q.latency_ms()}});
  return json_text(json);
}

std::string layers_json(const Engine& engine, Verbosity verbosity) {
  Json layers = Json::array();
  if (verbosity != Verbosity::kNone)
    for (const LayerInfo& layer : engine.layers())
      layers.push_back(verbosity == Verbosity::kDetailed ? layer_json(layer) : Json(layer.name));
  return json_text({{"Layers", std::move(layers)}, {"Bindings", binding_names(engine)}});
}

std::string layers_text(const Engine& engine, Verbosity verbosity) {
  std::string text = "Layers:\n";
  if (verbosity != Verbosity::kNone)
    for (const LayerInfo& layer : engine.layers())
      text += (verbosity == Verbosity::kDetailed ? layer_text(layer) : layer.name) + "\n";
  return text + fmt::format("\nBindings:\n{}", fmt::join(binding_names(engine), "\n"));
}

}  // namespace twofour::cli
