#include "onnx/subgraph_reader.h"

#include <algorithm>

#include "onnx/proto.h"
#include "onnx/sequence_loop.h"
#include "ops/control/control_flow.h"
#include "ops/shape_value.h"

namespace twofour::onnx_io {
namespace {

onnx::GraphProto& subgraph_of(onnx::NodeProto& node, std::string_view name) {
  for (auto& attribute : *node.mutable_attribute())
    if (attribute.name() == name && attribute.has_g()) return *attribute.mutable_g();
  fail(ErrorCode::kDataCorrupt, "subgraph {} is missing", name);
}

void set_subgraph(Draft& draft, const char* name, Graph graph) {
  draft.attrs.set(name, std::make_shared<const Graph>(std::move(graph)));
}

std::vector<Value*> numbered_outputs(Draft& draft) {
  return draft.builder.op_n(draft.op, draft.inputs, draft.num_outputs, draft.attrs, draft.name);
}

/// The outputs of both branches are alike in all that is not data.
std::optional<Entities> read_if(const ControlNode& node, Draft& draft) {
  if (const std::optional<bool> condition = ops::known_truth(draft.input(0)))
    return node.read_inline(subgraph_of(node.proto, *condition ? "then_branch" : "else_branch"), {}, "");
  std::vector<ReadBody::Part> layout;
  for (const char* name : {"then_branch", "else_branch"}) {
    ReadBody branch = node.read(subgraph_of(node.proto, name), {});
    TWOFOUR_CHECK(layout.empty() || layout == branch.layout, kUnsupported,
                  "its branches give sequences of different lengths, or a value and none");
    layout = branch.layout;
    set_subgraph(draft, name, std::move(branch.graph));
  }
  draft.inputs.insert(draft.inputs.end(), node.captures.begin(), node.captures.end());
  if (std::ranges::all_of(layout, [](const auto& part) { return part.kind == Entity::Kind::kTensor; }))
    return std::nullopt;
  draft.num_outputs = 0;
  for (const auto& part : layout) draft.num_outputs += part.count;
  const std::vector<Value*> values =
      draft.num_outputs > 0 ? numbered_outputs(draft) : std::vector<Value*>();  // strings alone are no tensor
  Entities outputs;
  for (auto next = values.begin(); const auto& [kind, count] : layout) {
    outputs.push_back({kind, {next, next + static_cast<std::ptrdiff_t>(count)}});
    next += static_cast<std::ptrdiff_t>(count);
  }
  return outputs;
}

using BodyTypes = std::vector<ValueType> (*)(const Attrs& attrs, std::span<const ValueType> inputs);

/// `first_state`, `first_result`: where the states begin among the body's inputs and outputs; they end
/// `num_scanned` before the formal inputs do.
void read_body(const ControlNode& node, BodyTypes body_types, size_t first_state, size_t first_result,
               size_t num_scanned, Draft& draft) {
  const size_t num_formal = draft.inputs.size();
  TWOFOUR_CHECK(num_formal >= first_state + num_scanned, kDataCorrupt, "it has only {} inputs", num_formal);
  draft.inputs.insert(draft.inputs.end(), node.captures.begin(), node.captures.end());
  if (!node.captures.empty()) draft.attrs.set("num_captures", static_cast<int64_t>(node.captures.size()));
  std::vector<ValueType> inputs;
  for (const Value* value : draft.inputs) inputs.push_back(value ? value->type() : ValueType{});
  std::vector<ValueType> types = body_types(draft.attrs, inputs);
  onnx::GraphProto& proto = subgraph_of(node.proto, "body");
  Graph body;
  ops::settle_states(types, first_state, num_formal - first_state - num_scanned, first_result,
                     [&](std::span<const ValueType> of) {
                       ReadBody read = node.read(proto, of.first(num_formal));
                       for (const auto& part : read.layout)
                         TWOFOUR_CHECK(part.kind == Entity::Kind::kTensor, kUnsupported,
                                       "its body gives a sequence, an optional or strings");
                       body = std::move(read.graph);
                       std::vector<ValueType> results;
                       for (const Value* output : body.outputs()) results.push_back(output->type());
                       return results;
                     });
  set_subgraph(draft, "body", std::move(body));
}

void read_scan(const ControlNode& node, Draft& draft) {
  const int64_t num_scanned = draft.attrs.i("num_scan_inputs", 0);
  TWOFOUR_CHECK(num_scanned > 0, kInvalidArgument, "num_scan_inputs is {}; it must be positive", num_scanned);
  read_body(node, ops::scan_body_types, 0, 0, static_cast<size_t>(num_scanned), draft);
}

}  // namespace

bool has_subgraphs(const onnx::NodeProto& node) {
  return std::ranges::any_of(node.attribute(), [](const auto& attribute) { return attribute.has_g(); });
}

std::optional<Entities> read_subgraphs(const ControlNode& node, Draft& draft) {
  if (draft.op == "If") return read_if(node, draft);
  if (draft.op == "SequenceMap") return unroll_map(node, subgraph_of(node.proto, "body"), draft);
  if (std::ranges::any_of(node.inputs, &Entity::is_sequence))
    return unroll_loop(node, subgraph_of(node.proto, "body"), draft);
  if (draft.op == "Loop") {
    constexpr size_t kHead = 2;  // trip count and condition
    draft.inputs.resize(std::max(draft.inputs.size(), kHead));
    read_body(node, ops::loop_body_types, kHead, 1, 0, draft);
    return std::nullopt;
  }
  TWOFOUR_CHECK(draft.op == "Scan", kUnsupported,
                "subgraphs are supported in If, Loop, Scan and SequenceMap");
  read_scan(node, draft);
  return std::nullopt;
}

}  // namespace twofour::onnx_io
