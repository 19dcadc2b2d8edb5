#include <algorithm>

#include "ops/shape_value.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

bool same_type(const Node& node) {
  return node.input(0)->dtype() == node.output()->dtype() && same_shape(node.input(0), node.output());
}

bool is_identity_permutation(const Node& node) {
  const std::vector<int64_t> perm = node.attrs().ints("perm");
  if (!perm.empty()) return std::ranges::is_sorted(perm);
  return node.input(0)->type().known && node.input(0)->rank() <= 1;
}

bool pads_nothing(const Node& node) {
  const auto pads = ops::known_ints(node.input(1));
  return pads && std::ranges::all_of(*pads, [](int64_t p) { return p == 0; });
}

bool is_inference_dropout(const Graph& graph, const Node& node) {
  if (const Value* training = node.input(2)) {
    if (!training->is_constant() || training->dtype() != DType::kBool || training->data().span<bool>()[0])
      return false;
  }
  return node.outputs().size() < 2 || (node.output(1)->users().empty() && !graph.is_output(node.output(1)));
}

bool returns_its_input(const Graph& graph, const Node& node) {
  const std::string& op = node.op();
  if (op == "Identity") return true;
  if (op == "Dropout") return is_inference_dropout(graph, node);
  if (op == "Cast") return node.input(0)->dtype() == node.output()->dtype();
  if (op == "Reshape" || op == "Flatten" || op == "Expand") return same_type(node);
  if (op == "Transpose") return is_identity_permutation(node);
  if (op == "Pad") return pads_nothing(node);
  return op == "Concat" && node.inputs().size() == 1;
}

// A graph output keeps its name, so what takes its place must be free to be renamed.
bool can_take_place(const Graph& graph, const Value* source, const Value* output) {
  return !graph.is_output(output) || (source->producer() && !graph.is_output(source));
}

}  // namespace

size_t eliminate_identity(Graph& graph) {
  size_t changed = 0;
  for (Node* node : graph.node_list()) {
    if (!returns_its_input(graph, *node) || !can_take_place(graph, node->input(0), node->output())) continue;
    replace(graph, node->output(), node->input(0));
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
