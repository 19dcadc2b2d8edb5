#include <algorithm>

#include "ops/infer.h"
#include "passes/codes.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

constexpr size_t kPadValue = 2;

bool moves_values(const Node& node) {
  return moves_codes(node) && node.input(0)->type().known &&
         std::ranges::all_of(node.outputs(), [](const Value* v) { return v->type().known; });
}

/// The inputs with values; what the others hold says where they go.
std::vector<size_t> value_inputs(const Node& node) {
  std::vector<size_t> inputs = {0};
  if (ops::get_op(node.op()).inputs[0].variadic)
    for (size_t i = 1; i < node.inputs().size(); ++i) inputs.push_back(i);
  return inputs;
}

/// Erases the node, whose results nothing reads any more. `moved`: the results of its copy on codes, which
/// gets its name; `results`: what is read instead.
void erase_moved(Graph& graph, Node* node, const std::vector<Value*>& moved,
                 const std::vector<Value*>& results) {
  const std::string name = node->name();
  std::vector<std::string> names;
  for (const Value* output : node->outputs()) names.push_back(output->name());
  graph.erase(node);
  graph.rename(moved[0]->producer(), name);
  for (size_t i = 0; i < names.size(); ++i) {
    graph.rename(results[i], names[i]);
    if (is_byte(moved[i]->dtype())) graph.rename(moved[i], names[i] + ".codes");
  }
}

/// The codes behind the node's values, when all of them mean the same.
std::optional<Codes> common_codes(const Node& node) {
  const auto same = [&](size_t i) {
    if (i == 0) return true;
    const auto a = codes_behind(node.input(0)), b = codes_behind(node.input(i));
    return a && b && same_codes(*a, *b);
  };
  return std::ranges::all_of(value_inputs(node), same) ? dequantised(node.input(0)) : std::nullopt;
}

/// The axis of the scales in the result; nothing when elements with different scales are mixed.
std::optional<size_t> moved_axis(const Node& node, const Codes& codes) {
  if (codes.per_tensor()) return codes.axis;
  if (node.op() != "Transpose") return std::nullopt;
  const size_t rank = node.input(0)->rank();
  const std::vector<int64_t> perm = node.attrs().ints("perm");
  if (perm.empty()) return rank - 1 - codes.axis;
  for (size_t i = 0; i < perm.size(); ++i)
    if (ops::normalize_axis(perm[i], rank) == codes.axis) return i;
  return std::nullopt;
}

bool pads_with_zeros(const Node& node) {
  return node.op() != "Pad" || !node.input(kPadValue) || scalar_of(node.input(kPadValue)) == 0.0F;
}

/// DequantizeLinear goes behind the node.
bool sink(Graph& graph, Node* node) {
  if (!moves_values(*node) || !pads_with_zeros(*node)) return false;
  if (needs_order(*node) && !codes_behind(node->input(0))) return false;
  const auto codes = common_codes(*node);
  const auto axis = codes ? moved_axis(*node, *codes) : std::nullopt;
  if (!axis) return false;
  std::vector<Value*> inputs = node->inputs();
  for (const size_t i : value_inputs(*node)) inputs[i] = inputs[i]->producer()->input(0);
  if (node->op() == "Pad") {
    inputs.resize(std::max(inputs.size(), kPadValue + 1));
    inputs[kPadValue] = codes->zero_point;
  }
  Attrs attrs;
  if (!codes->per_tensor()) attrs.set("axis", static_cast<int64_t>(*axis));
  ops::Builder builder(graph, node->name() + "/", node);
  const auto moved = builder.op_n(node->op(), std::move(inputs), node->outputs().size(), node->attrs());
  std::vector<Value*> results = moved;
  for (size_t i = 0; i < moved.size(); ++i) {
    if (node->output(i)->dtype() == DType::kF32)
      results[i] = builder.op("DequantizeLinear", {moved[i], codes->scale, codes->zero_point}, attrs);
    graph.replace_all_uses(node->output(i), results[i]);
  }
  erase_moved(graph, node, moved, results);
  return true;
}

/// The sizes of codes are those of the values.
bool read_size_of_codes(Graph& graph, Node* node) {
  if (node->op() != "Shape" && node->op() != "Size") return false;
  const auto codes = dequantised(node->input(0));
  if (codes) graph.set_input(node, 0, codes->codes);
  return codes.has_value();
}

/// The QuantizeLinear nodes that alone read the node's results, all with the same meaning of codes; empty
/// when others read them, too.
std::vector<Node*> quantisers(const Graph& graph, const Node& node) {
  std::vector<Node*> found;
  for (const Value* output : node.outputs()) {
    if (graph.is_output(output)) return {};
    found.insert(found.end(), output->users().begin(), output->users().end());
  }
  const auto first = found.empty() ? std::nullopt : codes_of(*found[0]);
  const auto differs = [&](const Node* reader) {
    const auto codes = reader->op() == "QuantizeLinear" ? codes_of(*reader) : std::nullopt;
    return !codes || !first || !same_codes(*codes, *first) || graph.is_output(reader->output());
  };
  return std::ranges::any_of(found, differs) ? std::vector<Node*>() : found;
}

/// Unknown sizes count as 1.
int64_t elements(const Value* value) {
  int64_t count = 1;
  for (const Dim& dim : value->dims()) count *= dim.size_or(1);
  return count;
}

/// Codes take a quarter of the bytes: to quantise first pays unless most values are dropped.
bool keeps_a_quarter(const Node& node) {
  int64_t read = 0, kept = 0;
  for (const size_t i : value_inputs(node)) read += elements(node.input(i));
  for (const Value* output : node.outputs()) kept += elements(output);
  return 4 * kept >= read;
}

/// Whether quantising the values first changes none of the results: positions, say, depend on which are
/// equal.
bool takes_codes(const Node& node) {
  return moves_values(node) && node.input(0)->dtype() == DType::kF32 &&
         (node.outputs().size() == 1 || ops::get_op(node.op()).outputs[0].variadic);
}

/// QuantizeLinear goes before the node.
bool raise(Graph& graph, Node* node) {
  if (!takes_codes(*node) || !keeps_a_quarter(*node)) return false;
  const std::vector<Node*> readers = quantisers(graph, *node);
  if (readers.empty()) return false;
  const Node& model = *readers[0];
  ops::Builder builder(graph, node->name() + "/", node);
  const auto quantised = [&](Value* value) {
    return builder.op("QuantizeLinear", {value, model.input(1), model.input(2)}, model.attrs());
  };
  std::vector<Value*> inputs = node->inputs();
  for (const size_t i : value_inputs(*node)) inputs[i] = quantised(inputs[i]);
  if (node->op() == "Pad") {
    inputs.resize(std::max(inputs.size(), kPadValue + 1));
    inputs[kPadValue] = inputs[kPadValue] ? quantised(inputs[kPadValue]) : model.input(2);
  }
  const auto moved = builder.op_n(node->op(), std::move(inputs), node->outputs().size(), node->attrs());
  for (Node* reader : readers) {
    const auto at = std::ranges::find(node->outputs(), reader->input(0)) - node->outputs().begin();
    replace(graph, reader->output(), moved[static_cast<size_t>(at)]);
  }
  erase_moved(graph, node, moved, moved);
  return true;
}

}  // namespace

size_t move_quantisation(Graph& graph) {
  size_t changed = 0;
  std::vector<Node*> left;
  for (Node* node : graph.node_list()) {
    changed += read_size_of_codes(graph, node);
    if (sink(graph, node)) ++changed;
    else left.push_back(node);
  }
  // Backwards, so that QuantizeLinear goes all the way up; those that are erased on it lie behind.
  for (auto node = left.rbegin(); node != left.rend(); ++node) changed += raise(graph, *node);
  if (changed) graph.erase_dead();
  return changed;
}

}  // namespace twofour::passes
