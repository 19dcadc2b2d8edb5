#include <algorithm>
#include <map>
#include <tuple>

#include "base/json.h"
#include "ops/evaluate.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// Stands for all constants of one element with its type and bits.
class Numbers {
 public:
  Value* representative(Value* value) {
    if (!value || !value->is_constant() || value->data().numel() != 1) return value;
    const Tensor& data = value->data();
    std::string bits(reinterpret_cast<const char*>(data.raw()), data.size_bytes());
    return first_.try_emplace({value->type().to_string(), std::move(bits)}, value).first->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, Value*> first_;
};

/// Equal for nodes that compute the same from the same values: operator, attributes, inputs, number of
/// outputs.
using Key = std::tuple<std::string, std::string, std::vector<Value*>, size_t>;
Key key_of(const Node& node, Numbers& numbers) {
  std::vector<Value*> inputs = node.inputs();
  for (Value*& input : inputs) input = numbers.representative(input);
  return {node.op(), attrs_to_json(node.attrs()).dump(), std::move(inputs), node.outputs().size()};
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
  Numbers numbers;
  for (Node* node : graph.node_list()) {
    if (!may_merge(graph, *node)) continue;
    const auto [it, fresh] = first.try_emplace(key_of(*node, numbers), node);
    if (fresh) continue;
    for (size_t i = 0; i < node->outputs().size(); ++i)
      graph.replace_all_uses(node->output(i), it->second->output(i));
    graph.erase(node);
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
