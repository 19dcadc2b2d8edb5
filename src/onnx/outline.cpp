#include "onnx/outline.h"

#include "base/error.h"
#include "base/file.h"
#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

void add_operators(const onnx::GraphProto& graph, std::set<std::string>& operators) {
  for (const onnx::NodeProto& node : graph.node()) {
    const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
    operators.insert((standard ? "" : node.domain() + "::") + node.op_type());
    for (const auto& attribute : node.attribute())
      if (attribute.has_g()) add_operators(attribute.g(), operators);
  }
}

}  // namespace

Outline read_outline(const std::filesystem::path& path) {
  onnx::ModelProto model;
  TWOFOUR_CHECK(model.ParseFromString(read_file(path)), kDataCorrupt, "{} is not an ONNX file",
                path.string());
  std::set<std::string> initializers;
  for (const auto& tensor : model.graph().initializer()) initializers.insert(tensor.name());
  Outline outline;
  for (const auto* values : {&model.graph().input(), &model.graph().output()})
    for (const auto& value : *values) outline.only_tensors &= value.type().has_tensor_type();
  for (const auto& input : model.graph().input())
    if (!initializers.contains(input.name())) outline.inputs.push_back(input.name());
  add_operators(model.graph(), outline.operators);
  return outline;
}

}  // namespace twofour::onnx_io
