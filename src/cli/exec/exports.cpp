#include "cli/exec/exports.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>

#include <nlohmann/json.hpp>

namespace twofour::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string_view trt_type(DType dtype) {
  switch (dtype) {
    case DType::kF32: return "Float";
    case DType::kF16: return "Half";
    case DType::kBF16: return "BFloat16";
    case DType::kI32: return "Int32";
    case DType::kI64: return "Int64";
    case DType::kI8: return "Int8";
    case DType::kU8: return "UInt8";
    case DType::kBool: return "Bool";
    default: return dtype_name(dtype);
  }
}

/// The values as f32 or, where f32 would round them, as integers.
template <typename Each>
void for_values(const Tensor& tensor, Each&& each) {
  if (is_float(tensor.dtype())) {
    const Tensor floats = tensor.to(DType::kF32);
    for (const float v : floats.span<float>()) each(v);
  } else {
    const Tensor integers = tensor.to(DType::kI64);
    for (const int64_t v : integers.span<int64_t>()) each(v);
  }
}

Json tensor_json(const LayerTensor& t) {
  return {{"Name", t.name},
          {"Dimensions", t.shape.dims()},
          {"Format/Datatype", fmt::format("{} {}", t.format, trt_type(t.dtype))},
          {"Constant", t.constant}};
}

Json layer_json(const LayerInfo& layer) {
  Json inputs = Json::array(), outputs = Json::array();
  for (const LayerTensor& t : layer.inputs) inputs.push_back(tensor_json(t));
  for (const LayerTensor& t : layer.outputs) outputs.push_back(tensor_json(t));
  return {{"Name", layer.name},          {"LayerType", layer.op},
          {"Inputs", std::move(inputs)}, {"Outputs", std::move(outputs)},
          {"TacticName", layer.tactic},  {"Sparse", layer.sparse}};
}

std::string tensor_text(const LayerTensor& t) {
  return fmt::format("{} {}[{}] {}", t.name, dtype_name(t.dtype), fmt::join(t.shape.dims(), ","), t.format);
}

std::string layer_text(const LayerInfo& layer) {
  std::vector<std::string> inputs, outputs;
  for (const LayerTensor& t : layer.inputs)
    if (!t.constant) inputs.push_back(tensor_text(t));
  for (const LayerTensor& t : layer.outputs) outputs.push_back(tensor_text(t));
  return fmt::format("{}: {}, {}{}: {} -> {}", layer.name, layer.op, layer.tactic,
                     layer.sparse ? " (sparse)" : "", fmt::join(inputs, ", "), fmt::join(outputs, ", "));
}

std::vector<std::string> binding_names(const Engine& engine) {
  std::vector<std::string> names;
  for (const TensorInfo& info : engine.inputs()) names.push_back(info.name);
  for (const TensorInfo& info : engine.outputs()) names.push_back(info.name);
  return names;
}

std::string dims_text(const Shape& shape, std::string_view separator) {
  return fmt::format("{}", fmt::join(shape.dims(), separator));
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
  return json.dump(1) + "\n";
}

std::string tensors_json(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors) {
  Json json = Json::array();
  for (size_t i = 0; i < infos.size(); ++i) {
    Json values = Json::array();
    for_values(tensors[i], [&](auto v) { values.push_back(v); });
    json.push_back({{"name", infos[i].name},
                    {"dimensions", dims_text(tensors[i].shape(), "x")},
                    {"values", std::move(values)}});
  }
  return json.dump() + "\n";
}

std::string tensors_text(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors) {
  std::string text;
  for (size_t i = 0; i < infos.size(); ++i) {
    text += fmt::format("{}{}: ({})\n", i ? "\n" : "", infos[i].name, dims_text(tensors[i].shape(), "x"));
    const char* separator = "";
    for_values(tensors[i], [&](auto v) {
      text += fmt::format("{}{:g}", separator, static_cast<double>(v));
      separator = " ";
    });
  }
  return text;
}

std::string raw_file_name(std::string_view name, const Tensor& tensor) {
  std::string file(name);
  for (char& c : file)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') c = '_';
  if (tensor.shape().rank() > 0) file += "." + dims_text(tensor.shape(), ".");
  return fmt::format("{}.{}.raw", file, trt_type(tensor.dtype()));
}

std::string layers_json(const Engine& engine, Verbosity verbosity) {
  Json layers = Json::array();
  if (verbosity != Verbosity::kNone)
    for (const LayerInfo& layer : engine.layers())
      layers.push_back(verbosity == Verbosity::kDetailed ? layer_json(layer) : Json(layer.name));
  return Json({{"Layers", std::move(layers)}, {"Bindings", binding_names(engine)}}).dump(1) + "\n";
}

std::string layers_text(const Engine& engine, Verbosity verbosity) {
  std::string text = "Layers:\n";
  if (verbosity != Verbosity::kNone)
    for (const LayerInfo& layer : engine.layers())
      text += (verbosity == Verbosity::kDetailed ? layer_text(layer) : layer.name) + "\n";
  return text + fmt::format("\nBindings:\n{}", fmt::join(binding_names(engine), "\n"));
}

}  // namespace twofour::cli
