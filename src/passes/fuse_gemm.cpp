#include <algorithm>

#include "passes/activation.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

bool is_matrix_product(const Node& node) {
  if (!is_float(node.output()->dtype())) return false;
  return node.op() == "Gemm" ||
         (node.op() == "MatMul" && node.input(0)->rank() == 2 && node.input(1)->rank() == 2);
}

// Adding `bias` leaves the shape of `product` as it is.
bool broadcasts_to(const Value* bias, const Value* product) {
  if (!bias->type().known || !product->type().known || bias->rank() > product->rank()) return false;
  const Dims shape(product->dims().end() - static_cast<std::ptrdiff_t>(bias->rank()), product->dims().end());
  for (size_t i = 0; i < shape.size(); ++i)
    if (bias->dims()[i] != Dim(1) && !same_dims({bias->dims()[i]}, {shape[i]})) return false;
  return true;
}

// The bias of an Add that alone reads the product; null otherwise.
Value* added_bias(const Graph& graph, const Value* product) {
  const Node* add = only_user(graph, product);
  if (!add || add->op() != "Add") return nullptr;
  Value* bias = other_input(*add, product);
  return broadcasts_to(bias, product) ? bias : nullptr;
}

bool fuse(Graph& graph, Node* product) {
  std::vector<Node*> chain = {product};
  Value* bias = product->input(2);
  if (!bias && (bias = added_bias(graph, product->output())))
    chain.push_back(only_user(graph, product->output()));
  Attrs attrs = product->attrs();
  if (chain.size() > 1) attrs.erase("beta");
  const bool activated = append_activation(graph, chain, attrs);
  if (chain.size() == 1) return false;
  fuse_chain(graph, chain, activated ? "FusedGemm" : "Gemm", {product->input(0), product->input(1), bias},
             std::move(attrs), joined_name(chain));
  return true;
}

}  // namespace

size_t fuse_gemm(Graph& graph) {
  std::vector<Node*> products = graph.node_list();
  std::erase_if(products, [](const Node* node) { return !is_matrix_product(*node); });
  return static_cast<size_t>(std::ranges::count_if(products, [&](Node* node) { return fuse(graph, node); }));
}

}  // namespace twofour::passes
