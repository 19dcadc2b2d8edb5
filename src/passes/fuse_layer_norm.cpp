#include "ops/infer.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// Whether the node is the mean over the last axis alone, which stays as 1.
bool is_row_mean(const Node* node) {
  if (!node || node->op() != "ReduceMean" || node->attrs().i("keepdims", 1) == 0) return false;
  std::vector<int64_t> axes = node->attrs().ints("axes");
  if (const Value* list = node->input(1)) {
    if (!list->is_constant()) return false;
    axes = ops::to_ints(list->data());
  }
  const auto rank = static_cast<int64_t>(node->input(0)->rank());
  return axes.size() == 1 && (axes[0] == -1 || axes[0] == rank - 1);
}

Node* producer_of(const Value* value, std::string_view op) {
  Node* node = value ? value->producer() : nullptr;
  return node && node->op() == op ? node : nullptr;
}

/// The node of type `op` that alone reads `value`.
Node* next(const Graph& graph, const Value* value, std::string_view op) {
  Node* node = only_user(graph, value);
  return node && node->op() == op ? node : nullptr;
}

/// The square of `value`, as Pow or Mul.
bool is_square(const Node* node, const Value* value) {
  if (!node || node->input(0) != value) return false;
  if (node->op() == "Mul") return node->input(1) == value;
  return node->op() == "Pow" && node->input(1)->is_constant() && node->input(1)->data().numel() == 1 &&
         node->input(1)->data().to(DType::kF32).span<float>()[0] == 2;
}

/// The parts of a layer norm around its division.
struct Parts {
  Node *mean, *centre, *square, *variance, *add, *root, *divide, *scale, *shift;
  Value *src, *gamma, *beta;
  float epsilon;
};

bool is_row_vector(const Value* value, const Value* src) {
  const Dim& last = src->dims().back();
  return value->is_constant() && value->rank() <= 1 && last.known() &&
         (value->data().numel() == 1 || value->data().numel() == last.value);
}

// From the division outwards: centre / sqrt(mean(centre^2) + epsilon) * gamma + beta.
bool match(const Graph& graph, Node* divide, Parts& p) {
  p.divide = divide;
  p.centre = producer_of(divide->input(0), "Sub");
  p.root = producer_of(divide->input(1), "Sqrt");
  p.add = p.root ? producer_of(p.root->input(0), "Add") : nullptr;
  if (!p.centre || !p.add) return false;
  const auto right = scalar_of(p.add->input(1));
  const auto epsilon = right ? right : scalar_of(p.add->input(0));
  if (!epsilon) return false;
  p.epsilon = *epsilon;
  p.variance = p.add->input(right ? 0 : 1)->producer();
  p.mean = p.centre->input(1)->producer();
  p.src = p.centre->input(0);
  if (!is_row_mean(p.variance) || !is_row_mean(p.mean) || p.mean->input(0) != p.src) return false;
  p.square = p.variance->input(0)->producer();
  if (!is_square(p.square, p.centre->output())) return false;
  for (const Node* inner : {p.mean, p.square, p.variance, p.add, p.root})
    if (!only_user(graph, inner->output())) return false;
  const size_t reads = p.square->op() == "Mul" ? 3 : 2;
  if (graph.is_output(p.centre->output()) || p.centre->output()->users().size() != reads) return false;
  p.scale = next(graph, divide->output(), "Mul");
  p.shift = p.scale ? next(graph, p.scale->output(), "Add") : nullptr;
  if (!p.shift) return false;
  p.gamma = other_input(*p.scale, divide->output());
  p.beta = other_input(*p.shift, p.scale->output());
  return p.src->rank() > 0 && is_row_vector(p.gamma, p.src) && is_row_vector(p.beta, p.src);
}

}  // namespace

size_t fuse_layer_norm(Graph& graph) {
  size_t changed = 0;
  std::vector<Node*> divides = graph.node_list();  // each chain, which is erased, has one
  std::erase_if(divides, [](const Node* node) { return node->op() != "Div"; });
  for (Node* divide : divides) {
    Parts p;
    if (!match(graph, divide, p)) continue;
    const std::vector<Node*> chain = {p.mean, p.centre, p.square, p.variance, p.add,
                                      p.root, p.divide, p.scale,  p.shift};
    fuse_chain(graph, chain, "LayerNormalization", {p.src, p.gamma, p.beta},
               {{"axis", int64_t{-1}}, {"epsilon", p.epsilon}}, joined_name(chain));
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
