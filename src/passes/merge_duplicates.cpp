#include <algorithm>
#include <map>
#include <tuple>

#include "base/json.h"
#include "ops/evaluate.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// Equal for nodes that compute the same from the same values: operator, attributes, inputs, number of
/// outputs.
using Key = std::tuple<std::string, std::string, std::vector<Value*>, size_t>;
Key key_of(const Node& node) {
  return {node.op(), attrs_to_json(node.attrs()).dump(), node.inputs(), node.outputs().size()};
}

bool may_merge(const Graph& graph, const Node& node) {
  const bool has_body = std::ranges::any_of(
      node.attrs(), [](const auto& attr) { return std::holds_alternative<Subgraph>(attr.second); });
  return !has_body && !ops::is_random(ops::get_op(node.op())) &&
         std::ranges::none_of(node.outputs(), [&](const Value* v) { return graph.is_output(v); });
}

}  // namespace

size_t merge_duplicates(Graph& graph) {
  size_t changed = 0;
  std::map<Key, Node*> first;
  for (Node* node : graph.node_list()) {
    if (!may_merge(graph, *node)) continue;
    const auto [it, fresh] = first.try_emplace(key_of(*node), node);
    if (fresh) continue;
    for (size_t i = 0; i < node->outputs().size(); ++i)
      graph.replace_all_uses(node->output(i), it->second->output(i));
    graph.erase(node);
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
