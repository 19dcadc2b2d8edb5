#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "ops/evaluate.h"
#include "passes/codes.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// Computing one of them for every element takes longer than looking it up.
constexpr std::array<std::string_view, 15> kSlow = {"Celu", "Cos",      "Elu",   "Erf",     "Exp",
                                                    "Gelu", "Log",      "Mish",  "Pow",     "Selu",
                                                    "Sin",  "Softplus", "Swish", "Sigmoid", "Tanh"};

bool is_elementwise(std::string_view op) {
  static const auto names = [] {
    std::unordered_set<std::string_view> set = {"QuantizeLinear", "DequantizeLinear", "TableLookup"};
    for (size_t i = 0; i < ops::all_ops().size(); ++i)
      if (ops::all_families()[i] == "elementwise") set.insert(ops::all_ops()[i]->name);
    return set;
  }();
  return names.contains(op);
}

/// Arithmetic on integers may fail for codes that never come, as a division by 0 does.
bool takes_any_number(const Node& node) {
  constexpr std::array<std::string_view, 3> kConversions = {"Cast", "QuantizeLinear", "TableLookup"};
  const DType dtype = node.output()->dtype();
  return is_float(dtype) || dtype == DType::kBool ||
         std::ranges::find(kConversions, node.op()) != kConversions.end();
}

/// One number, or the table of a TableLookup.
bool is_parameter(const Node& node, const Value* constant) {
  return constant->data().numel() == 1 || (node.op() == "TableLookup" && constant == node.input(1));
}

/// For every value that follows, element by element, from one tensor of 8-bit codes: that tensor. One that
/// follows from no other is its own source.
class Sources {
 public:
  explicit Sources(const Graph& graph) {
    for (const auto& node : graph.nodes())
      if (Value* source = common_source(*node)) sources_[node->output()] = source;
  }
  /// Null when there is none.
  Value* of(Value* value) const {
    const auto it = sources_.find(value);
    if (it != sources_.end()) return it->second;
    return is_byte(value->dtype()) && !value->is_constant() ? value : nullptr;
  }

 private:
  Value* common_source(const Node& node) const {
    if (!is_elementwise(node.op()) || !takes_any_number(node)) return nullptr;
    Value* common = nullptr;
    for (Value* input : node.inputs()) {
      if (!input || (input->is_constant() && is_parameter(node, input))) continue;
      Value* source = of(input);
      if (!source || (common && source != common)) return nullptr;
      common = source;
    }
    return common && same_shape(node.output(), common) ? common : nullptr;
  }

  std::unordered_map<const Value*, Value*> sources_;
};

/// The nodes between a tensor of codes and one that follows from it, in topological order.
using Region = std::vector<const Node*>;

void collect(const Node* node, const Value* codes, Region& region) {
  if (std::ranges::find(region, node) != region.end()) return;
  for (const Value* input : node->inputs())
    if (input && !input->is_constant() && input != codes) collect(input->producer(), codes, region);
  region.push_back(node);
}

bool is_slow(const Region& region) {
  return std::ranges::any_of(
      region, [](const Node* node) { return std::ranges::find(kSlow, node->op()) != kSlow.end(); });
}

Tensor all_codes(DType dtype) {
  Tensor codes(DType::kI32, {256});
  std::iota(codes.span<int32_t>().begin(), codes.span<int32_t>().end(), dtype == DType::kI8 ? -128 : 0);
  return codes.to(dtype);
}

/// What the region makes of every code.
Tensor table_of(const Region& region, const Value* codes) {
  Graph graph;
  std::unordered_map<const Value*, Value*> twins = {
      {codes, graph.add_input("codes", {codes->dtype(), {256}})}};
  const auto twin = [&](const Value* value) -> Value* {
    if (!value) return nullptr;
    if (!value->is_constant()) return twins.at(value);
    const Tensor& data = value->data();
    return graph.add_constant(value->name(), data.numel() == 1 ? data.reshaped({}) : data);
  };
  for (const Node* node : region) {
    std::vector<Value*> inputs;
    for (const Value* input : node->inputs()) inputs.push_back(twin(input));
    twins[node->output()] =
        graph.add_node(node->op(), std::move(inputs), 1, node->attrs(), node->name())->output();
  }
  graph.set_outputs({twins.at(region.back()->output())});
  const Tensor all = all_codes(codes->dtype());
  return ops::evaluate(graph, {&all, 1})[0];
}

bool is_identity(const Tensor& table, DType codes) {
  return table.dtype() == codes && std::memcmp(table.raw(), all_codes(codes).raw(), table.size_bytes()) == 0;
}

/// A result in codes always, one in f32 where that saves a slow function; what an integer product may read
/// stays dequantised.
bool fold(Graph& graph, Node* node, Value* codes) {
  const bool real = node->output()->dtype() == DType::kF32;
  if (!real && !is_byte(node->output()->dtype())) return false;
  if (node->op() == "DequantizeLinear" || (node->op() == "TableLookup" && node->input(0) == codes))
    return false;
  Region region;
  collect(node, codes, region);
  if (real && !is_slow(region)) return false;
  const Tensor table = table_of(region, codes);
  ops::Builder builder(graph, node->name() + ".", node);
  Value* result = is_identity(table, codes->dtype())
                      ? builder.op("Identity", {codes})
                      : builder.op("TableLookup", {codes, builder.constant("table", table)});
  const std::string name = node->name(), value_name = node->output()->name();
  replace(graph, node->output(), result);
  graph.rename(result->producer(), name);
  graph.rename(result, value_name);
  return true;
}

bool is_read(const Graph& graph, const Node& node) {
  return std::ranges::any_of(node.outputs(),
                             [&](const Value* v) { return !v->users().empty() || graph.is_output(v); });
}

}  // namespace

size_t fold_byte_functions(Graph& graph) {
  size_t changed = 0;
  const Sources sources(graph);
  std::vector<Node*> nodes = graph.node_list();
  // Backwards, so that a function is seen whole; what it was made of is not read any more.
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    Node* node = *it;
    if (!is_read(graph, *node)) {
      if (changed) graph.erase(node);
      continue;
    }
    Value* codes = node->outputs().size() == 1 ? sources.of(node->output()) : nullptr;
    if (codes && codes != node->output()) changed += fold(graph, node, codes);
  }
  if (changed) graph.erase_dead();
  return changed;
}

}  // namespace twofour::passes
