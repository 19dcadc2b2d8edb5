#include <algorithm>

#include "ops/builder.h"
#include "ops/evaluate.h"
#include "ops/shape_value.h"
#include "passes/codes.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

constexpr size_t kMaxGrowthBytes = size_t{16} << 20;

size_t element_bytes(const Node& node) {
  size_t most = 0;
  for (const Value* output : node.outputs()) most = std::max(most, dtype_size(output->dtype()));
  return most;
}

// What the inputs take, or would take as elements of the outputs' type if they disappear with the node.
size_t input_bytes(const Graph& graph, const Node& node) {
  size_t bytes = 0;
  for (const Value* input : node.inputs()) {
    if (!input) continue;
    const size_t widened = static_cast<size_t>(input->data().numel()) * element_bytes(node);
    bytes += std::max(input->data().size_bytes(), only_user(graph, input) ? widened : 0);
  }
  return bytes;
}

bool is_small_enough(const Graph& graph, const Node& node) {
  const size_t in = input_bytes(graph, node);
  size_t out = 0;
  for (const Value* output : node.outputs()) {
    if (!output->type().is_static()) return false;
    const auto numel = static_cast<size_t>(output->shape().numel());
    if (numel > kMaxGrowthBytes + in) return false;
    out += numel * dtype_size(output->dtype());
  }
  return out <= in + kMaxGrowthBytes;
}

// Nothing where that fails: it may never be computed, and says what is wrong when it is.
std::vector<Tensor> evaluate(const Node& node) {
  std::vector<Tensor> inputs;
  for (const Value* input : node.inputs()) inputs.push_back(input ? input->data() : Tensor());
  try {
    return ops::run_reference(node, inputs);
  } catch (const Error&) {
    return {};
  }
}

// A vector of sizes that is known although what it was computed from is not constant.
std::vector<Tensor> known_shape_vector(const Node& node) {
  const Value* value = node.output();
  if (node.outputs().size() != 1 || value->dtype() != DType::kI64 || !value->type().is_static()) return {};
  const auto numbers = ops::known_ints(value);
  if (!numbers || static_cast<int64_t>(numbers->size()) != value->shape().numel()) return {};
  return {Tensor::of<int64_t>(value->shape(), *numbers)};
}

// The values of the node's outputs, or nothing.
std::vector<Tensor> values_of(const Graph& graph, const Node& node) {
  if (!ops::all_inputs_constant(node)) return known_shape_vector(node);
  const ops::OpDef& op = ops::get_op(node.op());
  if (op.control) return {};                                       // may take long
  if (ops::is_random(op) && !node.attrs().has("seed")) return {};  // differs from run to run
  return is_small_enough(graph, node) ? evaluate(node) : std::vector<Tensor>();
}

void replace_by(Graph& graph, Node* node, std::vector<Tensor> values) {
  std::vector<std::pair<Value*, std::string>> renames;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string& name = node->output(i)->name();
    Value* constant = graph.add_constant(name, std::move(values[i]));
    renames.emplace_back(constant, name);
    graph.replace_all_uses(node->output(i), constant);
  }
  graph.erase(node);
  for (const auto& [constant, name] : renames) graph.rename(constant, name);
}

bool gives_outputs(const Graph& graph, const Node& node) {
  return std::ranges::any_of(node.outputs(), [&](const Value* v) { return graph.is_output(v); });
}

// A graph output is the output of a node; of one that reads nothing else.
size_t fold_output(Graph& graph, Node* node) {
  if (ops::all_inputs_constant(*node)) return 0;
  std::vector<Tensor> values = known_shape_vector(*node);
  if (values.empty()) return 0;
  Value* output = node->output();
  const std::string name = node->name();
  const std::string output_name = output->name();
  Value* constant = graph.add_constant(output_name + ".sizes", std::move(values[0]));
  Value* copy = ops::Builder(graph, {}, node).op("Identity", {constant});
  graph.replace_all_uses(output, copy);
  graph.erase(node);
  graph.rename(copy->producer(), name);
  graph.rename(copy, output_name);
  return 1;
}

/// A weight in 8-bit codes, which products of codes take as it is.
bool is_weight_in_codes(const Node& node) {
  const Value* codes = node.input(0);
  return node.op() == "DequantizeLinear" && is_byte(codes->dtype()) && codes->is_constant() &&
         codes->data().numel() > 1;
}

size_t fold(Graph& graph, bool weights_in_codes) {
  size_t changed = 0;
  for (Node* node : graph.node_list()) {
    if (!weights_in_codes && is_weight_in_codes(*node)) continue;
    if (gives_outputs(graph, *node)) {
      changed += fold_output(graph, node);
      continue;
    }
    std::vector<Tensor> values = values_of(graph, *node);
    if (values.empty()) continue;
    replace_by(graph, node, std::move(values));
    ++changed;
  }
  // Sizes that were computed are constants now, and may fix shapes further down.
  if (changed) ops::infer_all(graph);
  return changed;
}

}  // namespace

size_t fold_constants(Graph& graph) { return fold(graph, false); }
size_t fold_dequantised(Graph& graph) { return fold(graph, true); }

}  // namespace twofour::passes
