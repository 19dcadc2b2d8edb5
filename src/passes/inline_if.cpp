#include "ir/inline.h"
#include "ops/builder.h"
#include "ops/shape_value.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

// The branch that is taken; null while that is not known.
const Graph* taken_branch(const Node& node) {
  const std::optional<bool> condition = ops::known_truth(node.input(0));
  return condition ? &node.attrs().graph(*condition ? "then_branch" : "else_branch") : nullptr;
}

}  // namespace

size_t inline_if(Graph& graph) {
  size_t changed = 0;
  for (Node* node : graph.node_list()) {
    const Graph* branch = node->op() == "If" ? taken_branch(*node) : nullptr;
    if (!branch) continue;
    const std::vector<Value*> captures(node->inputs().begin() + 1, node->inputs().end());
    const std::vector<Value*> results = inline_graph(graph, *branch, captures, node);
    std::vector<std::pair<Value*, std::string>> renames;
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      // A result may be what was captured, which keeps its name.
      Value* copy = ops::Builder(graph, {}, node).op("Identity", {results[i]});
      if (graph.is_output(node->output(i))) renames.emplace_back(copy, node->output(i)->name());
      graph.replace_all_uses(node->output(i), copy);
    }
    graph.erase(node);
    for (const auto& [value, name] : renames) graph.rename(value, name);
    ++changed;
  }
  if (changed) ops::infer_all(graph);
  return changed;
}

}  // namespace twofour::passes
