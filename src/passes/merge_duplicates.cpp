#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "ops/evaluate.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// Equal for nodes that compute the same from the same values.
std::string key_of(const Node& node) {
  std::string key = node.op() + attrs_to_json(node.attrs()).dump();
  for (const Value* input : node.inputs()) key += input ? "%" + input->name() : "_";
  return key + fmt::format("/{}", node.outputs().size());
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
  std::unordered_map<std::string, Node*> first;
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
