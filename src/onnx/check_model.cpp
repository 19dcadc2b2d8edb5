#include "onnx/check_model.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "onnx/opset_adapters.h"
#include "onnx/proto.h"
#include "onnx/sequence_ops.h"
#include "onnx/unsupported_ops.h"
#include "onnx/vendor/expansion.h"

namespace twofour::onnx_io {
namespace {

/// Models of operators of other domains alone do not name an opset of ONNX's own.
int64_t default_opset(const onnx::ModelProto& model) {
  std::optional<int64_t> opset;
  for (const auto& entry : model.opset_import())
    if (domain_of(entry.domain()).empty()) opset = entry.version();
  const auto is_own = [](const onnx::NodeProto& node) { return domain_of(node.domain()).empty(); };
  if (!opset && model.opset_import_size() > 0 && std::ranges::none_of(model.graph().node(), is_own))
    return kLastOpset;
  TWOFOUR_CHECK(opset, kDataCorrupt,
                "the model does not say which opset it uses: it is truncated or very old");
  return *opset;
}

void check_opset(int64_t opset) {
  TWOFOUR_CHECK(opset >= kFirstOpset && opset <= kLastOpset, kUnsupported,
                "opset {} is not supported; {} to {} are", opset, kFirstOpset, kLastOpset);
}

bool is_supported(const onnx::NodeProto& node) {
  if (find_expansion(node.domain(), node.op_type())) return true;
  if (!domain_of(node.domain()).empty()) return false;
  const std::string& op = node.op_type();
  const ops::OpDef* def = ops::find_op(op);
  return op == "Constant" || op == "SequenceMap" || is_adapted(op) || is_sequence_op(op) ||
         (def && def->standard);
}

struct Missing {
  int count = 0;
  std::string first_node;
};
using MissingOps = std::map<std::string, Missing>;

/// Walks all graphs, and the functions that they call.
class OperatorCheck {
 public:
  OperatorCheck(const FunctionTable& functions, int64_t opset) : functions_(functions), opset_(opset) {}

  /// Returns how deep calls of functions are nested in it.
  int visit(const onnx::GraphProto& graph) { return visit_nodes(graph.node()); }
  const MissingOps& missing() const { return missing_; }

 private:
  template <typename Nodes>
  int visit_nodes(const Nodes& nodes) {
    int depth = 0;
    for (const onnx::NodeProto& node : nodes) {
      for (const auto& attribute : node.attribute())
        if (attribute.has_g()) depth = std::max(depth, visit(attribute.g()));
      if (const auto* function = functions_.find(node)) depth = std::max(depth, enter(*function));
      else if (!is_supported(node)) note(node);
    }
    return depth;
  }

  int enter(const Function& function) {
    constexpr int kDeepest = 64;
    if (depths_.try_emplace(&function, 0).second) {  // 0: its nodes are being visited
      TWOFOUR_CHECK(++nested_ <= kDeepest, kUnsupported, "functions call each other more than {} deep",
                    kDeepest);
      check_opset(function.opset(opset_));
      const int depth = 1 + visit_nodes(function.body().node());
      depths_[&function] = depth;
      --nested_;
    }
    const int depth = depths_[&function];
    TWOFOUR_CHECK(depth > 0, kUnsupported, "function {} calls itself", function.body().name());
    TWOFOUR_CHECK(depth <= kDeepest, kUnsupported, "functions call each other more than {} deep", kDeepest);
    return depth;
  }

  void note(const onnx::NodeProto& node) {
    Missing& entry = missing_[qualified_op(node)];
    if (entry.count++ == 0)
      entry.first_node = !node.name().empty()     ? node.name()
                         : node.output_size() > 0 ? node.output(0)
                                                  : std::string();
  }

  const FunctionTable& functions_;
  int64_t opset_;
  MissingOps missing_;
  std::map<const Function*, int> depths_;
  int nested_ = 0;
};

void refuse(const MissingOps& missing) {
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

int64_t check_model(const onnx::ModelProto& model, const FunctionTable& functions) {
  TWOFOUR_CHECK(model.has_graph(), kDataCorrupt,
                "there is no graph: the file is truncated or not an ONNX model");
  const int64_t opset = default_opset(model);
  OperatorCheck operators(functions, opset);
  operators.visit(model.graph());
  refuse(operators.missing());
  check_opset(opset);
  return opset;
}

}  // namespace twofour::onnx_io
