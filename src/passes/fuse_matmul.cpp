#include <algorithm>
#include <cmath>

#include "passes/activation.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// The constant that a Mul or Div which alone reads `product` scales it by; nothing when there is none, or
/// when it or its reciprocal is 0, denormal or not finite.
std::optional<float> scale_of(const Graph& graph, const Value* product) {
  const Node* node = only_user(graph, product);
  if (!node || (node->op() != "Mul" && node->op() != "Div")) return std::nullopt;
  const bool divides = node->op() == "Div";
  if (divides && node->input(0) != product) return std::nullopt;
  const auto scalar = scalar_of(other_input(*node, product));
  if (!scalar) return std::nullopt;
  const float scale = divides ? 1 / *scalar : *scalar;
  return std::isnormal(scale) && std::isnormal(*scalar) ? std::optional(scale) : std::nullopt;
}

/// A constant row vector that an Add which alone reads `product` adds to every row; null otherwise.
Value* added_row(const Graph& graph, const Value* product) {
  const Node* add = only_user(graph, product);
  if (!add || add->op() != "Add") return nullptr;
  Value* bias = other_input(*add, product);
  const Dim& columns = product->dims().back();
  return bias->is_constant() && bias->rank() == 1 && columns.known() && bias->data().numel() == columns.value
             ? bias
             : nullptr;
}

bool fuse(Graph& graph, Node* product) {
  std::vector<Node*> chain = {product};
  Attrs attrs;
  Value* bias = nullptr;
  if (const auto scale = scale_of(graph, product->output())) {
    attrs.set("alpha", *scale);
    chain.push_back(only_user(graph, product->output()));
  } else if ((bias = added_row(graph, product->output()))) {
    chain.push_back(only_user(graph, product->output()));
  }
  append_activation(graph, chain, attrs);
  if (chain.size() == 1 || !same_shape(chain.back()->output(), product->output())) return false;
  fuse_chain(graph, chain, "FusedMatMul", {product->input(0), product->input(1), bias}, std::move(attrs),
             joined_name(chain));
  return true;
}

}  // namespace

size_t fuse_matmul(Graph& graph) {
  std::vector<Node*> products = graph.node_list();
  std::erase_if(products, [](const Node* node) {
    return node->op() != "MatMul" || node->output()->dtype() != DType::kF32 || node->input(0)->rank() < 2 ||
           node->input(1)->rank() < 2 || node->output()->rank() < 3;
  });
  return static_cast<size_t>(std::ranges::count_if(products, [&](Node* node) { return fuse(graph, node); }));
}

}  // namespace twofour::passes
