#include "onnx/strings.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

constexpr std::array<std::string_view, 15> kMovers = {"ArrayFeatureExtractor",
                                                      "Concat",
                                                      "Expand",
                                                      "Flatten",
                                                      "Gather",
                                                      "GatherElements",
                                                      "GatherND",
                                                      "Identity",
                                                      "Reshape",
                                                      "Slice",
                                                      "Split",
                                                      "Squeeze",
                                                      "Tile",
                                                      "Transpose",
                                                      "Unsqueeze"};

bool is_string_constant(const onnx::AttributeProto& attribute) {
  return attribute.has_s() || attribute.strings_size() > 0 ||
         (attribute.has_t() && attribute.t().data_type() == onnx::TensorProto::STRING);
}

bool converts_to_strings(const onnx::AttributeProto& attribute) {
  return attribute.name() == "to" && attribute.i() == onnx::TensorProto::STRING;
}

}  // namespace

bool makes_strings(const onnx::NodeProto& node, const Entities& inputs) {
  const std::string& op = node.op_type();
  if (op == "Constant") return std::ranges::any_of(node.attribute(), is_string_constant);
  if (op == "Cast") return std::ranges::any_of(node.attribute(), converts_to_strings);
  return !inputs.empty() && inputs[0].kind == Entity::Kind::kStrings &&
         std::ranges::find(kMovers, op) != kMovers.end();
}

void leave_out_strings(const onnx::GraphProto& graph, const Entities& outputs) {
  std::vector<std::string> strings;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].kind == Entity::Kind::kStrings)
      strings.push_back(fmt::format("\"{}\"", graph.output(static_cast<int>(i)).name()));
  if (strings.empty()) return;
  TWOFOUR_CHECK(strings.size() < outputs.size(), kUnsupported,
                "the model's outputs are strings, which are not supported: {}", fmt::join(strings, ", "));
  log_warning("strings are not supported; these outputs are left out: {}", fmt::join(strings, ", "));
}

}  // namespace twofour::onnx_io
