#include "passes/weight_views.h"

#include <algorithm>
#include <array>

#include "passes/match.h"

namespace twofour::passes {
namespace {

bool is_view(const Graph& graph, const Node& node) {
  constexpr std::array<std::string_view, 4> kViews = {"Flatten", "Reshape", "Squeeze", "Unsqueeze"};
  if (std::ranges::find(kViews, node.op()) == kViews.end()) return false;
  const Value* source = node.input(0);
  return source->is_constant() && is_float(source->dtype()) && source->users().size() == 1 &&
         !graph.is_output(source) && !graph.is_output(node.output()) && node.output()->type().is_static();
}

}  // namespace

void fold_weight_views(Graph& graph) {
  bool changed = false;
  for (Node* node : graph.node_list()) {
    if (!is_view(graph, *node)) continue;
    Value* source = node->input(0);
    source->set_data(source->data().reshaped(node->output()->shape()));
    replace(graph, node->output(), source);
    changed = true;
  }
  if (changed) graph.erase_dead();
}

}  // namespace twofour::passes
