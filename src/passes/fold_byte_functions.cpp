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

bool is_any(std::string_view op, std::span<const std::string_view> names) {
  return std::ranges::find(names, op) != names.end();
}

/// Arithmetic on integers may fail for codes that never come, as a division by 0 does.
bool takes_any_number(const Node& node) {
  constexpr std::array<std::string_view, 3> kConversions = {"Cast", "QuantizeLinear", "TableLookup"};
  const DType dtype = node.output()->dtype();
  return is_float(dtype) || dtype == DType::kBool || is_any(node.op(), kConversions);
}

/// One number, or the table of a TableLookup.
bool is_parameter(const Node& node, const Value* constant) {
  return constant->data().numel() == 1 || (node.op() == "TableLookup" && constant == node.input(1));
}

/// Whether the node computes each element from the elements at the same place: what is read besides them is
/// the same for all.
bool works_on_elements(const Node& node) {
  constexpr std::array<std::string_view, 4> kWithParameters = {"Clip", "DequantizeLinear", "QuantizeLinear",
                                                               "TableLookup"};
  if (!is_any(node.op(), kWithParameters)) return is_elementwise(node);
  const auto fixed = [](const Value* v) { return !v || v->is_constant(); };
  return node.attrs().i("block_size", 0) == 0 &&
         std::all_of(node.inputs().begin() + 1, node.inputs().end(), fixed);
}

/// What a value follows from, element by element.
struct Source {
  Value* codes = nullptr;  // 8-bit codes; null when there are none
  bool slow = false;       // through a slow function
  size_t place = 0;        // of the node that gives the value, in topological order
};

class Sources {
 public:
  explicit Sources(const Graph& graph) {
    for (const auto& node : graph.nodes())
      if (const Source source = common_source(*node); source.codes) sources_[node->output()] = source;
  }
  /// Codes that follow from no others are their own source.
  Source of(Value* value) const {
    const auto it = sources_.find(value);
    if (it != sources_.end()) return it->second;
    return {is_byte(value->dtype()) && !value->is_constant() ? value : nullptr};
  }

 private:
  Source common_source(const Node& node) const {
    if (!works_on_elements(node) || !takes_any_number(node)) return {};
    Source common = {.slow = is_any(node.op(), kSlow), .place = sources_.size()};
    for (Value* input : node.inputs()) {
      if (!input || (input->is_constant() && is_parameter(node, input))) continue;
      const Source source = of(input);
      if (!source.codes || (common.codes && source.codes != common.codes)) return {};
      common.codes = source.codes;
      common.slow |= source.slow;
    }
    return common.codes && same_shape(node.output(), common.codes) ? common : Source{};
  }

  std::unordered_map<const Value*, Source> sources_;
};

/// The nodes between a tensor of codes and one that follows from it, in topological order.
using Region = std::vector<const Node*>;

Region region_of(const Node* last, const Value* codes, const Sources& sources) {
  Region region = {last};
  std::unordered_set<const Node*> seen = {last};
  for (size_t i = 0; i < region.size(); ++i)
    for (const Value* input : region[i]->inputs())
      if (input && !input->is_constant() && input != codes && seen.insert(input->producer()).second)
        region.push_back(input->producer());
  std::ranges::sort(region, {}, [&](const Node* node) { return sources.of(node->output()).place; });
  return region;
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
bool fold(Graph& graph, Node* node, const Sources& sources) {
  const Source source = sources.of(node->output());
  Value* codes = source.codes;
  if (!codes || codes == node->output()) return false;
  const DType dtype = node->output()->dtype();
  if (!is_byte(dtype) && !(dtype == DType::kF32 && source.slow)) return false;
  if (node->op() == "DequantizeLinear" || (node->op() == "TableLookup" && node->input(0) == codes))
    return false;
  const Tensor table = table_of(region_of(node, codes, sources), codes);
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
    if (node->outputs().size() == 1) changed += fold(graph, node, sources);
  }
  if (changed) graph.erase_dead();
  return changed;
}

}  // namespace twofour::passes
