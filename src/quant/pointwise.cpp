#include "quant/pointwise.h"

#include "passes/match.h"

namespace twofour::quant {

PointwiseSources::PointwiseSources(const Graph& graph) {
  for (const auto& node : graph.nodes()) {
    if (!passes::is_elementwise(*node)) continue;
    const Source source = source_through(*node);
    if (source.value) sources_[node->output()] = source;
  }
}

PointwiseSources::Source PointwiseSources::of(Value* value) const {
  const auto it = sources_.find(value);
  return it == sources_.end() ? Source{value, true} : it->second;
}

/// Null when there is more than one.
PointwiseSources::Source PointwiseSources::source_through(const Node& node) const {
  Source found = {nullptr, true};
  for (Value* input : node.inputs()) {
    if (!input) continue;
    if (input->is_constant()) {
      found.uniform &= input->data().numel() == 1;
      continue;
    }
    if (input->dtype() != DType::kF32 || !passes::same_shape(input, node.output())) return {};
    const Source source = of(input);
    if (found.value && found.value != source.value) return {};
    found = {source.value, found.uniform && source.uniform};
  }
  return node.output()->dtype() == DType::kF32 ? found : Source{};
}

}  // namespace twofour::quant
