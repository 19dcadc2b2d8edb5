#include "passes/activation.h"

#include <limits>

#include "passes/match.h"

namespace twofour::passes {
namespace {

std::optional<float> bound(const Node& clip, size_t input, float otherwise) {
  return clip.input(input) ? scalar_of(clip.input(input)) : otherwise;
}

}  // namespace

bool append_activation(const Graph& graph, std::vector<Node*>& chain, Attrs& attrs) {
  const Value* result = chain.back()->output();
  Node* next = only_user(graph, result);
  if (!next || next->input(0) != result) return false;
  if (next->op() == "Relu") {
    attrs.set("activation", std::string("relu"));
  } else if (next->op() == "Clip") {
    const auto low = bound(*next, 1, std::numeric_limits<float>::lowest());
    const auto high = bound(*next, 2, std::numeric_limits<float>::max());
    if (!low || !high || !(*low <= *high)) return false;
    attrs.set("activation", std::string("clip"));
    attrs.set("clip_low", *low);
    attrs.set("clip_high", *high);
  } else {
    return false;
  }
  chain.push_back(next);
  return true;
}

}  // namespace twofour::passes
