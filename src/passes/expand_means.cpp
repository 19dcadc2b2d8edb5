#include <algorithm>

#include "ops/builder.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

Value* scalar_like(ops::Builder& b, const Value* v, double value) {
  return b.constant("scalar", Tensor::of<double>({}, std::span<const double>(&value, 1)).to(v->dtype()));
}

Value* mean(ops::Builder& b, const Node& node) {
  if (node.inputs().size() == 1) return b.op("Identity", {node.input(0)});
  Value* sum = b.op("Sum", node.inputs());
  return b.div(sum, scalar_like(b, sum, static_cast<double>(node.inputs().size())));
}

/// Halves are widened: squares would overflow. The mean is taken twice, since that of large values is rounded
/// too coarsely for small deviations.
Value* mean_variance_normalization(ops::Builder& b, const Node& node) {
  const DType dtype = node.input(0)->dtype();
  Value* src = b.cast(node.input(0), is_half(dtype) ? DType::kF32 : dtype);
  Value* axes = b.i64(node.attrs().ints("axes", {0, 2, 3}));
  const auto mean = [&](Value* v) { return b.op("ReduceMean", {v, axes}, {{"keepdims", int64_t{1}}}); };
  const auto centred = [&](Value* v) { return b.sub(v, mean(v)); };
  Value* offset = centred(centred(src));
  Value* deviation = b.op("Sqrt", {mean(b.mul(offset, offset))});
  return b.cast(b.div(offset, b.add(deviation, scalar_like(b, src, 1e-9))), dtype);
}

bool expand(Graph& graph, Node* node) {
  ops::Builder b(graph, node->name() + "/", node);
  if (node->op() == "MeanVarianceNormalization")
    replace(graph, node->output(), mean_variance_normalization(b, *node));
  else if (node->op() == "Mean" && !is_half(node->output()->dtype()))
    replace(graph, node->output(), mean(b, *node));
  else return false;
  return true;
}

}  // namespace

size_t expand_means(Graph& graph) {
  const std::vector<Node*> nodes = graph.node_list();
  return static_cast<size_t>(std::ranges::count_if(nodes, [&](Node* node) { return expand(graph, node); }));
}

}  // namespace twofour::passes
