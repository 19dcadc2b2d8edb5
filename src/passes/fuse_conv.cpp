#include <algorithm>

#include "ops/builder.h"
#include "passes/activation.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

// The Add that alone reads the convolution, when its other input has the same type; null otherwise.
Node* residual_add(const Graph& graph, const Node& conv) {
  Node* add = only_user(graph, conv.output());
  if (!add || add->op() != "Add") return nullptr;
  return same_shape(add->input(0), add->input(1)) ? add : nullptr;
}

Value* other_input(const Node& add, const Value* value) {
  return add.input(0) == value ? add.input(1) : add.input(0);
}

bool fuse(Graph& graph, Node* conv) {
  std::vector<Node*> chain = {conv};
  Value* residual = nullptr;
  if (Node* add = residual_add(graph, *conv)) {
    residual = other_input(*add, conv->output());
    chain.push_back(add);
  }
  Attrs attrs = conv->attrs();
  const bool activated = append_activation(graph, chain, attrs);
  if (!residual && !activated) return false;
  // In the place of the last node: there the residual is computed.
  ops::Builder builder(graph, "", chain.back());
  Value* fused = builder.op("FusedConv", {conv->input(0), conv->input(1), conv->input(2), residual},
                            std::move(attrs), joined_name(chain));
  replace_chain(graph, chain, fused);
  return true;
}

}  // namespace

size_t fuse_conv(Graph& graph) {
  // Backwards, so that of two convolutions that are added the later one finds the Add first.
  std::vector<Node*> convs = graph.node_list();
  std::erase_if(convs, [](const Node* node) { return node->op() != "Conv"; });
  std::ranges::reverse(convs);
  return static_cast<size_t>(std::ranges::count_if(convs, [&](Node* conv) { return fuse(graph, conv); }));
}

}  // namespace twofour::passes
