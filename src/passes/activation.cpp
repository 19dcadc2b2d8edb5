#include "passes/activation.h"

#include <algorithm>
#include <cmath>

#include "passes/match.h"

namespace twofour::passes {
namespace {

std::optional<float> bound(const Node& clip, size_t input, float otherwise) {
  return clip.input(input) ? scalar_of(clip.input(input)) : otherwise;
}

/// Two finite bounds, or none above 0, which is a Relu; infinities stay what they are under any other Clip.
bool set_clip(const Node& clip, Attrs& attrs) {
  const auto low = bound(clip, 1, -INFINITY);
  const auto high = bound(clip, 2, INFINITY);
  if (!low || !high || !(*low <= *high)) return false;
  if (*low == 0 && *high == INFINITY) {
    attrs.set("activation", std::string("relu"));
    return true;
  }
  if (!std::isfinite(*low) || !std::isfinite(*high)) return false;
  attrs.set("activation", std::string("clip"));
  attrs.set("clip_low", *low);
  attrs.set("clip_high", *high);
  return true;
}

/// An operator that is an activation: its name in FusedConv, and its alpha and beta when they are not given.
struct Known {
  std::string_view op, name;
  std::optional<float> slope, offset;
};
constexpr Known kKnown[] = {
    {"Relu", "relu", {}, {}},
    {"LeakyRelu", "leaky_relu", 0.01F, {}},
    {"Sigmoid", "sigmoid", {}, {}},
    {"Tanh", "tanh", {}, {}},
    {"Swish", "swish", 1.0F, {}},
    {"HardSigmoid", "hard_sigmoid", 0.2F, 0.5F},
    {"HardSwish", "hard_swish", {}, {}},
    {"Gelu", "gelu", {}, {}},
};

bool set_activation(const Node& node, Attrs& attrs) {
  if (node.op() == "Clip") return set_clip(node, attrs);
  const auto* known = std::ranges::find(kKnown, node.op(), &Known::op);
  if (known == std::end(kKnown) || node.attrs().s("approximate", "none") != "none") return false;
  attrs.set("activation", std::string(known->name));
  if (known->slope) attrs.set("activation_slope", node.attrs().f("alpha", *known->slope));
  if (known->offset) attrs.set("activation_offset", node.attrs().f("beta", *known->offset));
  return true;
}

}  // namespace

bool append_activation(const Graph& graph, std::vector<Node*>& chain, Attrs& attrs) {
  const Value* result = chain.back()->output();
  Node* next = only_user(graph, result);
  if (!next || next->input(0) != result || !is_float(result->dtype()) || !set_activation(*next, attrs))
    return false;
  chain.push_back(next);
  return true;
}

}  // namespace twofour::passes
