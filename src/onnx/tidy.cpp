#include "onnx/tidy.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/log.h"
#include "onnx/proto.h"
#include "onnx/sparse_initializer.h"

namespace twofour::onnx_io {
namespace {

/// Keeps, of the items with one name, the last; `seen` has the names that later items have. Items without a
/// name stay.
template <typename List>
void keep_last(List& list, const auto& name_of, std::set<std::string>& seen, std::string_view what) {
  std::remove_reference_t<List> kept;
  for (int i = list.size() - 1; i >= 0; --i) {
    const std::string name = name_of(list.Get(i));
    if (name.empty() || seen.insert(name).second) kept.Add()->Swap(list.Mutable(i));
    else log_warning("{} \"{}\" is defined again; the later definition is used", what, name);
  }
  std::reverse(kept.begin(), kept.end());
  list.Swap(&kept);
}

std::string constant_name(const onnx::NodeProto& node) {
  return node.op_type() == "Constant" && node.output_size() == 1 ? node.output(0) : "";
}

void drop_repeated_definitions(onnx::GraphProto& graph) {
  std::set<std::string> seen;
  keep_last(*graph.mutable_node(), constant_name, seen, "constant");
  keep_last(
      *graph.mutable_initializer(), [](const auto& tensor) { return tensor.name(); }, seen, "initializer");
  for (auto& node : *graph.mutable_node())
    for (auto& attribute : *node.mutable_attribute())
      if (attribute.has_g()) drop_repeated_definitions(*attribute.mutable_g());
}

void drop_repeated_outputs(onnx::GraphProto& graph) {
  std::set<std::string> seen;
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> kept;
  for (auto& output : *graph.mutable_output())
    if (seen.insert(output.name()).second) kept.Add()->Swap(&output);
    else log_warning("output \"{}\" is listed twice; it is one output", output.name());
  graph.mutable_output()->Swap(&kept);
}

}  // namespace

void tidy(onnx::GraphProto& graph) {
  densify(graph);
  drop_repeated_definitions(graph);
  drop_repeated_outputs(graph);
}

}  // namespace twofour::onnx_io
