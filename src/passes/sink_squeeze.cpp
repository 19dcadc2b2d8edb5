#include <algorithm>
#include <array>

#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "passes/activation.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// Which of `rank` axes a Squeeze removes or an Unsqueeze adds; nothing where data decide.
std::optional<std::vector<bool>> axes_of(const Node& node, size_t rank) {
  const auto axes = ops::known_ints(node.input(1));
  return axes ? std::optional(ops::axis_flags(*axes, rank)) : std::nullopt;
}

bool undoes(const Node& unsqueeze, const Node& squeeze) {
  if (unsqueeze.op() != "Unsqueeze" || !unsqueeze.output()->type().known) return false;
  const size_t rank = squeeze.input(0)->rank();
  const auto axes = axes_of(squeeze, rank);
  return axes && unsqueeze.output()->rank() == rank && axes_of(unsqueeze, rank) == axes;
}

/// `shape`, which broadcasts to the squeezed value, with the axes put back.
Shape unsqueezed(const Shape& shape, const std::vector<bool>& axes) {
  std::vector<int64_t> dims(axes.size(), 1);
  size_t left = shape.rank();
  for (size_t i = axes.size(); i-- > 0 && left > 0;)
    if (!axes[i]) dims[i] = shape[--left];
  return Shape(std::move(dims));
}

bool is_affine(const Node& node) { return node.op() == "Add" || node.op() == "Mul"; }

bool takes_constant(const Node& node, const Node& squeeze) {
  if (!is_affine(node)) return false;
  const size_t at = node.input(0) == squeeze.output() ? 1 : 0;
  return node.input(at)->is_constant() && node.input(at)->rank() <= squeeze.output()->rank();
}

/// What alone reads the Squeeze and could be fused into the convolution before it; null when nothing could.
Node* fusable_user(const Graph& graph, Node* squeeze) {
  std::vector<Node*> chain = {squeeze};
  Attrs unused;
  if (append_activation(graph, chain, unused)) return chain.back();
  Node* next = only_user(graph, squeeze->output());
  return next && takes_constant(*next, *squeeze) ? next : nullptr;
}

void sink(Graph& graph, Node* squeeze, const std::vector<bool>& axes, Node* next) {
  ops::Builder builder(graph, "", next);
  std::vector<Value*> inputs = next->inputs();
  for (Value*& input : inputs) {
    if (!input) continue;
    if (input == squeeze->output()) input = squeeze->input(0);
    else if (is_affine(*next))
      input =
          builder.constant(input->name(), input->data().reshaped(unsqueezed(input->data().shape(), axes)));
  }
  const std::string name = next->name();
  Value* moved = builder.op(next->op(), std::move(inputs), next->attrs(), name);
  Value* result = builder.op("Squeeze", {moved, squeeze->input(1)}, {}, squeeze->name());
  replace_chain(graph, {squeeze, next}, result);
  graph.rename(moved->producer(), name);
}

size_t undo_squeezes(Graph& graph) {
  size_t changed = 0;
  for (Node* node : graph.node_list()) {
    const Node* squeeze = node->op() == "Unsqueeze" ? node->input(0)->producer() : nullptr;
    if (!squeeze || squeeze->op() != "Squeeze" || !squeeze->input(0)->type().known ||
        graph.is_output(node->output()) || !undoes(*node, *squeeze))
      continue;
    replace(graph, node->output(), squeeze->input(0));
    ++changed;
  }
  return changed;
}

bool follows_conv(const Graph& graph, const Node& node) {
  constexpr std::array<std::string_view, 3> kConvs = {"Conv", "FusedConv", "QuantizedConv"};
  const Node* conv = node.input(0)->producer();
  return conv && std::ranges::find(kConvs, conv->op()) != kConvs.end() && only_user(graph, conv->output());
}

}  // namespace

size_t sink_squeeze(Graph& graph) {
  size_t changed = 0;
  std::vector<Node*> squeezes = graph.node_list();
  std::erase_if(squeezes, [](const Node* node) { return node->op() != "Squeeze"; });
  for (Node* squeeze : squeezes) {
    if (!squeeze->output()->type().known || !follows_conv(graph, *squeeze)) continue;
    const auto axes = axes_of(*squeeze, squeeze->input(0)->rank());
    Node* next = axes ? fusable_user(graph, squeeze) : nullptr;
    if (!next) continue;
    sink(graph, squeeze, *axes, next);
    ++changed;
  }
  return changed + undo_squeezes(graph);
}

}  // namespace twofour::passes
