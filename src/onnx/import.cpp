#include "onnx/import.h"

#include <limits>

#include "base/file.h"
#include "onnx/check_model.h"
#include "onnx/check_scales.h"
#include "onnx/export.h"
#include "onnx/graph_reader.h"
#include "onnx/proto.h"
#include "onnx/tidy.h"
#include "onnx/trainable.h"
#include "onnx/utf8.h"

namespace twofour::onnx_io {
namespace {

onnx::ModelProto parse_model(std::span<const std::byte> bytes) {
  TWOFOUR_CHECK(bytes.size() <= std::numeric_limits<int>::max(), kUnsupported,
                "it has {} bytes; more than 2 GB in one file is not ONNX", bytes.size());
  onnx::ModelProto model;
  TWOFOUR_CHECK(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), kDataCorrupt,
                "it is truncated, damaged or not an ONNX file ({} bytes)", bytes.size());
  return model;
}

/// Where the model comes from. Files that twofour wrote hold that as metadata already, when it was not
/// twofour.
void read_origin(const onnx::ModelProto& model, int64_t opset, std::map<std::string, std::string>& metadata) {
  if (model.producer_name() == kProducer) return;
  metadata["onnx.ir_version"] = std::to_string(model.ir_version());
  metadata["onnx.opset"] = std::to_string(opset);
  if (model.producer_name().empty()) return;
  const std::string& version = model.producer_version();
  metadata["onnx.producer"] = model.producer_name() + (version.empty() ? "" : " " + version);
}

void read_metadata(const onnx::ModelProto& model, int64_t opset,
                   std::map<std::string, std::string>& metadata) {
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  read_origin(model, opset, metadata);
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) metadata[key] = value;
  };
  add("onnx.domain", model.domain());
  add("onnx.doc", model.doc_string());
  add("onnx.graph_doc", model.graph().doc_string());
}

void read_trainable_list(Graph& graph) {
  const auto it = graph.metadata().find(kTrainableKey);
  if (it == graph.metadata().end()) return;
  apply_trainable_list(it->second, graph);
  graph.metadata().erase(it);
}

}  // namespace

Graph import_model(const std::filesystem::path& path, const ImportOptions& options) {
  const auto file = MappedFile::open(path);
  ImportOptions located = options;
  located.folder = path.has_parent_path() ? path.parent_path() : ".";
  return import_model_bytes(file->bytes(), path.string(), located);
}

Graph import_model_bytes(std::span<const std::byte> bytes, std::string_view name,
                         const ImportOptions& options) {
  return with_context([&] { return fmt::format("importing {}", name); },
                      [&] {
                        onnx::ModelProto model = parse_model(bytes);
                        make_utf8(model);
                        const FunctionTable functions(model);
                        const int64_t opset = check_model(model, functions);
                        tidy(*model.mutable_graph());
                        TensorStore tensors(options.folder);
                        ModelReading reading{options, opset, tensors, functions};
                        Graph graph = read_graph(*model.mutable_graph(), reading);
                        read_metadata(model, opset, graph.metadata());
                        read_trainable_list(graph);
                        check_scales(graph);
                        return graph;
                      });
}

}  // namespace twofour::onnx_io
