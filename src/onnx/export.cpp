#include "onnx/export.h"

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>

#include "ir/subgraphs.h"
#include "ir/verify.h"
#include "onnx/attribute_proto.h"
#include "onnx/data_type.h"
#include "onnx/export_forms.h"
#include "onnx/proto.h"
#include "onnx/tensor_proto.h"
#include "onnx/trainable.h"
#include "ops/control/control_flow.h"
#include "ops/op_def.h"

namespace twofour::onnx_io {
namespace {

constexpr int64_t kIrVersion = 8;
constexpr auto kMaxBytes = static_cast<size_t>(std::numeric_limits<int>::max());  // protobuf's own limit

void check_size(size_t bytes) {
  TWOFOUR_CHECK(bytes <= kMaxBytes, kUnsupported,
                "the model has {} bytes; an ONNX file without external data ends at 2 GB", bytes);
}

size_t constant_bytes(const Graph& graph) {
  size_t bytes = 0;
  for (const auto& value : graph.values())
    if (value->is_constant()) bytes += value->data().size_bytes();
  for (const auto& node : graph.nodes())
    for_each_subgraph(node->attrs(),
                      [&](const std::string&, const Graph& subgraph) { bytes += constant_bytes(subgraph); });
  return bytes;
}

void check_ops(const Graph& graph) {
  for (const auto& node : graph.nodes()) {
    const ops::OpDef& op = ops::get_op(node->op());
    const bool fused = node->op().starts_with("Fused");
    TWOFOUR_CHECK(op.standard, kUnsupported, "{} is not an ONNX operator{}", node->label(),
                  fused ? "; export the graph before fusion" : "");
    for_each_subgraph(node->attrs(), [](const std::string&, const Graph& subgraph) { check_ops(subgraph); });
  }
}

/// The names that values have in the file: those of a subgraph differ from all around it.
class Names {
 public:
  explicit Names(const Graph& graph) {
    for (const auto& value : graph.values()) set(value.get(), value->name());
  }
  /// `captured`: the values around the subgraph that its last inputs stand for.
  Names(const Names& outer, const Graph& subgraph, std::span<Value* const> captured) : taken_(outer.taken_) {
    const size_t num_formal = subgraph.inputs().size() - captured.size();
    for (size_t i = 0; i < captured.size(); ++i)
      names_[subgraph.inputs()[num_formal + i]] = outer.of(captured[i]);
    for (const auto& value : subgraph.values()) {
      if (names_.contains(value.get())) continue;
      std::string name = value->name();
      for (int i = 1; taken_.contains(name); ++i) name = fmt::format("{}_{}", value->name(), i);
      set(value.get(), std::move(name));
    }
  }
  const std::string& of(const Value* value) const { return names_.at(value); }

 private:
  void set(const Value* value, std::string name) {
    taken_.insert(name);
    names_[value] = std::move(name);
  }

  std::unordered_map<const Value*, std::string> names_;
  std::set<std::string> taken_;
};

void write_type(const Value& value, const std::string& name, onnx::ValueInfoProto& proto) {
  proto.set_name(name);
  auto& type = *proto.mutable_type()->mutable_tensor_type();
  type.set_elem_type(dtype_to_onnx(value.dtype()));
  if (!value.type().known) return;
  type.mutable_shape();
  for (const Dim& dim : value.dims()) {
    auto& dim_proto = *type.mutable_shape()->add_dim();
    if (dim.known()) dim_proto.set_dim_value(dim.value);
    else if (!dim.symbol.empty()) dim_proto.set_dim_param(dim.symbol);
  }
}

void write_graph(const Graph& graph, const Names& names, size_t num_inputs, int64_t opset,
                 onnx::GraphProto& proto);

void write_subgraph(const std::string& name, const Graph& graph, std::span<Value* const> captured,
                    const Names& outer, int64_t opset, onnx::AttributeProto& proto) {
  proto.set_name(name);
  proto.set_type(onnx::AttributeProto::GRAPH);
  write_graph(graph, Names(outer, graph, captured), graph.inputs().size() - captured.size(), opset,
              *proto.mutable_g());
}

void write_node(const Node& node, const Names& names, int64_t opset, onnx::NodeProto& proto) {
  proto.set_op_type(node.op());
  proto.set_name(node.name());
  const std::span<Value* const> inputs = node.inputs();
  const size_t num_own = inputs.size() - ops::num_captures(node);
  for (const Value* input : inputs.first(num_own)) proto.add_input(input ? names.of(input) : "");
  for (const Value* output : node.outputs()) proto.add_output(names.of(output));
  const Attrs attrs = export_attrs(node, opset);
  for (const auto& [name, value] : attrs) {
    if (const auto* graph = std::get_if<Subgraph>(&value))
      write_subgraph(name, **graph, inputs.subspan(num_own), names, opset, *proto.add_attribute());
    else if (name != "num_captures") write_attr(name, value, *proto.add_attribute());
  }
}

void write_graph(const Graph& graph, const Names& names, size_t num_inputs, int64_t opset,
                 onnx::GraphProto& proto) {
  proto.set_name(graph.name().empty() ? "twofour" : graph.name());
  for (const Value* input : std::span(graph.inputs()).first(num_inputs))
    write_type(*input, names.of(input), *proto.add_input());
  for (const auto& value : graph.values()) {
    const std::string& name = names.of(value.get());
    if (value->is_constant()) write_tensor(value->data(), name, *proto.add_initializer());
    else if (value->producer() && !graph.is_output(value.get()))
      write_type(*value, name, *proto.add_value_info());
  }
  for (const auto& node : graph.nodes()) write_node(*node, names, opset, *proto.add_node());
  std::set<const Value*> seen;
  for (const Value* output : graph.outputs()) {
    TWOFOUR_CHECK(seen.insert(output).second, kUnsupported,
                  "\"{}\" is a graph output twice; ONNX allows that once", output->name());
    write_type(*output, names.of(output), *proto.add_output());
  }
}

void write_metadata(const Graph& graph, onnx::ModelProto& model) {
  auto metadata = graph.metadata();
  if (const std::string list = trainable_list(graph); !list.empty()) metadata[kTrainableKey] = list;
  for (const auto& [key, value] : metadata) {
    if (key == "onnx.domain") model.set_domain(value);
    else if (key == "onnx.doc") model.set_doc_string(value);
    else if (key == "onnx.graph_doc") model.mutable_graph()->set_doc_string(value);
    else {
      auto& entry = *model.add_metadata_props();
      entry.set_key(key);
      entry.set_value(value);
    }
  }
}

onnx::ModelProto to_model(const Graph& graph) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name(kProducer);
  auto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(export_opset(graph));
  write_graph(graph, Names(graph), graph.inputs().size(), opset.version(), *model.mutable_graph());
  write_metadata(graph, model);
  return model;
}

}  // namespace

std::string export_model_bytes(const Graph& graph) {
  return with_context([&] { return fmt::format("exporting graph \"{}\"", graph.name()); },
                      [&] {
                        verify(graph);
                        check_ops(graph);
                        check_size(constant_bytes(graph));
                        Graph typed = graph.clone();
                        ops::infer_all(typed);
                        const onnx::ModelProto model = to_model(typed);
                        check_size(model.ByteSizeLong());
                        return model.SerializeAsString();
                      });
}

}  // namespace twofour::onnx_io
