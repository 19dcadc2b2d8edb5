#include "onnx/check_model.h"

#include <map>
#include <optional>

#include "base/error.h"
#include "onnx/opset_adapters.h"
#include "onnx/proto.h"
#include "onnx/unsupported_ops.h"

namespace twofour::onnx_io {
namespace {

bool is_default_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

int64_t default_opset(const onnx::ModelProto& model) {
  std::optional<int64_t> opset;
  for (const auto& entry : model.opset_import())
    if (is_default_domain(entry.domain())) opset = entry.version();
  TWOFOUR_CHECK(opset, kDataCorrupt,
                "the model does not say which opset it uses: it is truncated or very old");
  TWOFOUR_CHECK(*opset >= kFirstOpset && *opset <= kLastOpset, kUnsupported,
                "opset {} is not supported; {} to {} are", *opset, kFirstOpset, kLastOpset);
  return *opset;
}

bool is_supported(const onnx::NodeProto& node) {
  if (!is_default_domain(node.domain())) return false;
  const ops::OpDef* op = ops::find_op(node.op_type());
  return node.op_type() == "Constant" || is_adapted(node.op_type()) || (op && op->standard);
}

struct Missing {
  int count = 0;
  std::string first_node;
};
using MissingOps = std::map<std::string, Missing>;

void find_missing(const onnx::GraphProto& graph, MissingOps& missing) {
  for (const onnx::NodeProto& node : graph.node()) {
    for (const auto& attribute : node.attribute())
      if (attribute.has_g()) find_missing(attribute.g(), missing);
    if (is_supported(node)) continue;
    const std::string prefix = is_default_domain(node.domain()) ? "" : node.domain() + "::";
    Missing& entry = missing[prefix + node.op_type()];
    if (entry.count++ == 0)
      entry.first_node = !node.name().empty()     ? node.name()
                         : node.output_size() > 0 ? node.output(0)
                                                  : std::string();
  }
}

void check_ops(const onnx::GraphProto& graph) {
  MissingOps missing;
  find_missing(graph, missing);
  if (missing.empty()) return;
  std::vector<std::string> lines;
  for (const auto& [op, entry] : missing) {
    const std::string_view reason = why_unsupported(op);
    lines.push_back(fmt::format("{} ({} node{}, first \"{}\"{}{})", op, entry.count,
                                entry.count == 1 ? "" : "s", entry.first_node, reason.empty() ? "" : "; ",
                                reason));
  }
  fail(ErrorCode::kUnsupported, "{} operator{} not supported: {}", lines.size(),
       lines.size() == 1 ? " is" : "s are", fmt::join(lines, ", "));
}

}  // namespace

int64_t check_model(const onnx::ModelProto& model) {
  TWOFOUR_CHECK(model.has_graph(), kDataCorrupt,
                "there is no graph: the file is truncated or not an ONNX model");
  TWOFOUR_CHECK(model.functions_size() == 0, kUnsupported,
                "the model defines functions (\"{}\"), which are not supported yet",
                model.functions(0).name());
  check_ops(model.graph());
  return default_opset(model);
}

}  // namespace twofour::onnx_io
