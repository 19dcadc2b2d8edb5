#include "onnx/subgraph_reader.h"

#include <algorithm>

#include "ir/inline.h"
#include "onnx/proto.h"
#include "ops/control/control_flow.h"
#include "ops/shape_value.h"

namespace twofour::onnx_io {
namespace {

const onnx::GraphProto& subgraph_of(const onnx::NodeProto& node, std::string_view name) {
  for (const auto& attribute : node.attribute())
    if (attribute.name() == name && attribute.has_g()) return attribute.g();
  fail(ErrorCode::kDataCorrupt, "subgraph {} is missing", name);
}

void set_subgraph(Draft& draft, const char* name, Graph graph) {
  draft.attrs.set(name, std::make_shared<const Graph>(std::move(graph)));
}

void read_if(const onnx::NodeProto& node, const std::vector<Value*>& captures, const ReadSubgraph& read,
             Draft& draft) {
  const Tensor condition = ops::known_tensor(draft.input(0));
  if (condition.defined() && condition.dtype() == DType::kBool && condition.numel() == 1) {
    const Graph taken =
        read(subgraph_of(node, condition.span<bool>()[0] ? "then_branch" : "else_branch"), {});
    draft.results = inline_graph(draft.builder.graph(), taken, captures);
    TWOFOUR_CHECK(draft.results->size() >= draft.num_outputs, kDataCorrupt,
                  "the branch has {} outputs, the node {}", draft.results->size(), draft.num_outputs);
    draft.results->resize(draft.num_outputs);
    return;
  }
  for (const char* name : {"then_branch", "else_branch"})
    set_subgraph(draft, name, read(subgraph_of(node, name), {}));
  draft.inputs.insert(draft.inputs.end(), captures.begin(), captures.end());
}

using BodyTypes = std::vector<ValueType> (*)(const Attrs& attrs, std::span<const ValueType> inputs);

/// `first_state`, `first_result`: where the states begin among the body's inputs and outputs; they end
/// `num_scanned` before the formal inputs do.
void read_body(const onnx::NodeProto& node, const std::vector<Value*>& captures, const ReadSubgraph& read,
               BodyTypes body_types, size_t first_state, size_t first_result, size_t num_scanned,
               Draft& draft) {
  const size_t num_formal = draft.inputs.size();
  TWOFOUR_CHECK(num_formal >= first_state + num_scanned, kDataCorrupt, "it has only {} inputs", num_formal);
  draft.inputs.insert(draft.inputs.end(), captures.begin(), captures.end());
  if (!captures.empty()) draft.attrs.set("num_captures", static_cast<int64_t>(captures.size()));
  std::vector<ValueType> inputs;
  for (const Value* value : draft.inputs) inputs.push_back(value ? value->type() : ValueType{});
  std::vector<ValueType> types = body_types(draft.attrs, inputs);
  const onnx::GraphProto& proto = subgraph_of(node, "body");
  Graph body;
  ops::settle_states(types, first_state, num_formal - first_state - num_scanned, first_result,
                     [&](std::span<const ValueType> of) {
                       body = read(proto, of.first(num_formal));
                       std::vector<ValueType> results;
                       for (const Value* output : body.outputs()) results.push_back(output->type());
                       return results;
                     });
  set_subgraph(draft, "body", std::move(body));
}

}  // namespace

bool has_subgraphs(const onnx::NodeProto& node) {
  return std::ranges::any_of(node.attribute(), [](const auto& attribute) { return attribute.has_g(); });
}

void read_subgraphs(const onnx::NodeProto& node, const std::vector<Value*>& captures,
                    const ReadSubgraph& read, Draft& draft) {
  if (draft.op == "If") return read_if(node, captures, read, draft);
  if (draft.op == "Loop") {
    constexpr size_t kHead = 2;  // trip count and condition
    draft.inputs.resize(std::max(draft.inputs.size(), kHead));
    return read_body(node, captures, read, ops::loop_body_types, kHead, 1, 0, draft);
  }
  TWOFOUR_CHECK(draft.op == "Scan", kUnsupported, "subgraphs are supported in If, Loop and Scan");
  const int64_t num_scanned = draft.attrs.i("num_scan_inputs", 0);
  TWOFOUR_CHECK(num_scanned > 0, kInvalidArgument, "num_scan_inputs is {}; it must be positive", num_scanned);
  read_body(node, captures, read, ops::scan_body_types, 0, 0, static_cast<size_t>(num_scanned), draft);
}

}  // namespace twofour::onnx_io
