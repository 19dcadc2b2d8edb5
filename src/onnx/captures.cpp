#include "onnx/captures.h"

#include <map>
#include <unordered_set>

#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

/// Names in the order in which they came, each once.
class NameList {
 public:
  void add(const std::string& name) {
    if (!name.empty() && seen_.insert(name).second) names_.push_back(name);
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::unordered_set<std::string> seen_;
  std::vector<std::string> names_;
};

std::unordered_set<std::string> defined_names(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> names;
  for (const auto& input : graph.input()) names.insert(input.name());
  for (const auto& tensor : graph.initializer()) names.insert(tensor.name());
  for (const auto& node : graph.node()) names.insert(node.output().begin(), node.output().end());
  return names;
}

}  // namespace

std::vector<std::string> captured_names(const onnx::GraphProto& graph) {
  const auto own = defined_names(graph);
  NameList captured;
  const auto read = [&](const std::string& name) {
    if (!own.contains(name)) captured.add(name);
  };
  for (const auto& node : graph.node()) {
    for (const std::string& name : node.input()) read(name);
    for (const std::string& name : captured_names(node)) read(name);
  }
  for (const auto& output : graph.output()) read(output.name());
  return captured.take();
}

std::vector<std::string> captured_names(const onnx::NodeProto& node) {
  std::map<std::string, const onnx::GraphProto*> subgraphs;  // attributes have no order
  for (const auto& attribute : node.attribute())
    if (attribute.has_g()) subgraphs[attribute.name()] = &attribute.g();
  NameList captured;
  for (const auto& [attribute, graph] : subgraphs)
    for (const std::string& name : captured_names(*graph)) captured.add(name);
  return captured.take();
}

}  // namespace twofour::onnx_io
