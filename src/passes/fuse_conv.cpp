#include <algorithm>

#include "passes/activation.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

bool fuse(Graph& graph, Node* conv) {
  std::vector<Node*> chain = {conv};
  Value* residual = nullptr;
  if (Node* add = residual_add(graph, conv->output())) {
    residual = other_input(*add, conv->output());
    chain.push_back(add);
  }
  Attrs attrs = conv->attrs();
  const bool activated = append_activation(graph, chain, attrs);
  if (!residual && !activated) return false;
  fuse_chain(graph, chain, "FusedConv", {conv->input(0), conv->input(1), conv->input(2), residual},
             std::move(attrs), joined_name(chain));
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
