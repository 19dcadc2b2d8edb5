#include "passes/match.h"

#include <algorithm>
#include <unordered_set>

#include "ops/builder.h"

namespace twofour::passes {

Node* only_user(const Graph& graph, const Value* value) {
  return value->users().size() == 1 && !graph.is_output(value) ? value->users()[0] : nullptr;
}

bool same_dims(const Dims& a, const Dims& b) {
  return a == b && std::ranges::all_of(a, [](const Dim& d) { return d.known() || !d.symbol.empty(); });
}

bool same_shape(const Value* a, const Value* b) {
  return a->type().known && b->type().known && same_dims(a->dims(), b->dims());
}

bool is_elementwise(const Node& node) {
  static const auto names = [] {
    std::unordered_set<std::string_view> set;
    for (size_t i = 0; i < ops::all_ops().size(); ++i)
      if (ops::all_families()[i] == "elementwise") set.insert(ops::all_ops()[i]->name);
    return set;
  }();
  return names.contains(node.op());
}

std::optional<float> scalar_of(const Value* value) {
  if (!value->is_constant() || !is_float(value->dtype()) || value->data().numel() != 1) return std::nullopt;
  return value->data().to(DType::kF32).span<float>()[0];
}

std::optional<double> number_of(const Value* value) {
  if (!value) return 0;
  if (!value->is_constant() || value->data().numel() != 1) return std::nullopt;
  return value->data().to(DType::kF64).span<double>()[0];
}

Value* other_input(const Node& node, const Value* value) {
  return node.input(0) == value ? node.input(1) : node.input(0);
}

Node* residual_add(const Graph& graph, const Value* value) {
  Node* add = only_user(graph, value);
  if (!add || add->op() != "Add") return nullptr;
  return same_shape(add->input(0), add->input(1)) ? add : nullptr;
}

std::string joined_name(const std::vector<Node*>& nodes) {
  std::vector<std::string> names;
  for (const Node* node : nodes) names.push_back(node->name());
  return fmt::format("{}", fmt::join(names, " + "));
}

void replace(Graph& graph, Value* old, Value* value) {
  const bool is_output = graph.is_output(old);
  const std::string name = old->name();
  graph.replace_all_uses(old, value);
  graph.erase(old->producer());
  if (is_output) graph.rename(value, name);
}

void replace_chain(Graph& graph, const std::vector<Node*>& chain, Value* value) {
  const std::string name = chain.back()->output()->name();
  graph.replace_all_uses(chain.back()->output(), value);
  for (auto node = chain.rbegin(); node != chain.rend(); ++node) graph.erase(*node);
  graph.rename(value, name);
}

Node* fuse_chain(Graph& graph, const std::vector<Node*>& chain, std::string_view op,
                 std::vector<Value*> inputs, Attrs attrs, std::string name) {
  ops::Builder builder(graph, "", chain.back());
  Value* fused = builder.op(op, std::move(inputs), std::move(attrs), name);
  replace_chain(graph, chain, fused);
  graph.rename(fused->producer(), std::move(name));
  return fused->producer();
}

}  // namespace twofour::passes
