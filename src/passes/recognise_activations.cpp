#include <cmath>
#include <numbers>

#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// scale * factors[0] * factors[1] ...: a tree of Mul, and Div by scalars, whose inner values nothing else
/// reads. `nodes`: users before what they read.
struct Product {
  double scale = 1;
  std::vector<Value*> factors;
  std::vector<Node*> nodes;
};

void expand(const Graph& graph, Value* value, bool root, Product& product) {
  Node* node = value->producer();
  const bool multiplies = node && node->op() == "Mul";
  const bool divides = node && node->op() == "Div" && scalar_of(node->input(1));
  if (!(multiplies || divides) || !(root || only_user(graph, value))) {
    product.factors.push_back(value);
    return;
  }
  product.nodes.push_back(node);
  for (size_t i = 0; i < 2; ++i) {
    const auto scalar = scalar_of(node->input(i));
    if (!scalar) expand(graph, node->input(i), false, product);
    else product.scale *= divides && i == 1 ? 1 / double{*scalar} : double{*scalar};
  }
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); }
bool is_scalar(const Value* value, double expected) {
  const auto scalar = value ? scalar_of(value) : std::nullopt;
  return scalar && (expected == 0 ? *scalar == 0 : near(*scalar, expected));
}

/// The node of type `op` that computes `value` for one reader alone.
Node* private_node(const Graph& graph, const Value* value, std::string_view op) {
  Node* node = value->producer();
  return node && node->op() == op && only_user(graph, value) ? node : nullptr;
}

/// The other input of an Add of the scalar `addend`; null when it is not one.
Value* added_to(const Node& add, double addend) {
  for (size_t i = 0; i < 2; ++i)
    if (is_scalar(add.input(i), addend)) return add.input(1 - i);
  return nullptr;
}

/// Whether x * gate * scale is x * clip(x + 3, 0, 6) / 6 or x times a HardSigmoid of that slope.
bool is_hard_swish(const Graph& graph, const Value* x, const Value* gate, double scale,
                   std::vector<Node*>& nodes) {
  if (Node* hard = private_node(graph, gate, "HardSigmoid")) {
    nodes.push_back(hard);
    return hard->input(0) == x && near(scale, 1) && near(hard->attrs().f("alpha", 0.2F), 1.0 / 6) &&
           near(hard->attrs().f("beta", 0.5F), 0.5);
  }
  Node* clip = private_node(graph, gate, "Clip");
  if (!clip || !is_scalar(clip->input(1), 0) || !is_scalar(clip->input(2), 6) || !near(scale, 1.0 / 6))
    return false;
  Node* add = private_node(graph, clip->input(0), "Add");
  nodes.insert(nodes.end(), {clip, add});
  return add && added_to(*add, 3) == x;
}

/// Whether x * gate * scale is x * (1 + erf(x / sqrt 2)) / 2.
bool is_gelu(const Graph& graph, const Value* x, const Value* gate, double scale, std::vector<Node*>& nodes) {
  Node* add = private_node(graph, gate, "Add");
  if (!add || !near(scale, 0.5)) return false;
  Value* sum = added_to(*add, 1);
  Node* erf = sum ? private_node(graph, sum, "Erf") : nullptr;
  if (!erf) return false;
  Product argument;
  expand(graph, erf->input(0), false, argument);
  nodes.insert(nodes.end(), {add, erf});
  nodes.insert(nodes.end(), argument.nodes.begin(), argument.nodes.end());
  return argument.factors == std::vector<Value*>{const_cast<Value*>(x)} &&
         near(argument.scale, std::numbers::sqrt2 / 2);
}

bool is_swish(const Graph& graph, const Value* x, const Value* gate, double scale,
              std::vector<Node*>& nodes) {
  Node* sigmoid = private_node(graph, gate, "Sigmoid");
  nodes.push_back(sigmoid);
  return sigmoid && sigmoid->input(0) == x && near(scale, 1);
}

struct Pattern {
  std::string_view op;
  bool (*matches)(const Graph&, const Value*, const Value*, double, std::vector<Node*>&);
};
constexpr Pattern kPatterns[] = {{"Swish", is_swish}, {"HardSwish", is_hard_swish}, {"Gelu", is_gelu}};

bool rewrite(Graph& graph, Node* root) {
  Product product;
  expand(graph, root->output(), true, product);
  if (product.factors.size() != 2 || !is_float(root->output()->dtype())) return false;
  for (const Pattern& pattern : kPatterns)
    for (size_t i = 0; i < 2; ++i) {
      Value* x = product.factors[i];
      std::vector<Node*> gate;
      if (!same_shape(x, root->output()) ||
          !pattern.matches(graph, x, product.factors[1 - i], product.scale, gate))
        continue;
      std::vector<Node*> chain(gate.rbegin(), gate.rend());
      chain.insert(chain.end(), product.nodes.rbegin(), product.nodes.rend());
      fuse_chain(graph, chain, pattern.op, {x}, {}, joined_name(chain));
      return true;
    }
  return false;
}

}  // namespace

size_t recognise_activations(Graph& graph) {
  size_t changed = 0;
  // From the end, so that a tree is seen from its root; what a rewrite erases lies before that.
  for (bool again = true; again;) {
    again = false;
    std::vector<Node*> nodes = graph.node_list();
    for (auto node = nodes.rbegin(); !again && node != nodes.rend(); ++node)
      again = ((*node)->op() == "Mul" || (*node)->op() == "Div") && rewrite(graph, *node);
    changed += again ? 1 : 0;
  }
  return changed;
}

}  // namespace twofour::passes
