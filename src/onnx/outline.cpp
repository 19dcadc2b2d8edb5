#include "onnx/outline.h"

#include "base/error.h"
#include "base/file.h"
#include "onnx/function_table.h"
#include "onnx/input_reader.h"
#include "onnx/proto.h"
#include "onnx/utf8.h"

namespace twofour::onnx_io {
namespace {

void add_operators(const onnx::GraphProto& graph, std::set<std::string>& operators) {
  for (const onnx::NodeProto& node : graph.node()) {
    operators.insert(qualified_op(node));
    for (const auto& attribute : node.attribute())
      if (attribute.has_g()) add_operators(attribute.g(), operators);
  }
}

Outline::Kind kind_of(const onnx::TypeProto& type) {
  using Kind = Outline::Kind;
  if (type.has_tensor_type()) return Kind::kTensor;
  if (type.has_sequence_type()) return Kind::kSequence;
  if (!type.has_optional_type()) return Kind::kOther;
  return is_sequence(type) ? Kind::kOptionalSequence : Kind::kOptionalTensor;
}

Outline::Port port_of(const onnx::ValueInfoProto& proto) {
  return {to_utf8(proto.name()), kind_of(proto.type()), ValueType::unknown()};
}

Outline::Port input_of(const onnx::ValueInfoProto& proto) {
  Outline::Port port = port_of(proto);
  if (port.kind == Outline::Kind::kTensor)
    port.type = with_context([&] { return fmt::format("reading graph input \"{}\"", port.name); },
                             [&] { return read_type(proto.type()); });
  return port;
}

}  // namespace

Outline read_outline(const std::filesystem::path& path) {
  onnx::ModelProto model;
  TWOFOUR_CHECK(model.ParseFromString(read_file(path)), kDataCorrupt, "{} is not an ONNX file",
                path.string());
  std::set<std::string> initializers;
  for (const auto& tensor : model.graph().initializer()) initializers.insert(tensor.name());
  Outline outline;
  for (const auto& input : model.graph().input())
    if (!initializers.contains(input.name())) outline.inputs.push_back(input_of(input));
  for (const auto& output : model.graph().output()) outline.outputs.push_back(port_of(output));
  add_operators(model.graph(), outline.operators);
  return outline;
}

}  // namespace twofour::onnx_io
