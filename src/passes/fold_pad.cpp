#include <algorithm>

#include "ops/quantisation/fused_product.h"
#include "ops/shape_value.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// Whether the Pad adds what the convolution pads with: zeros, or codes that stand for them.
bool adds_zeros(const Node& pad, const Node& conv) {
  const Value* zero_point =
      conv.op() == "QuantizedConv" ? conv.input(ops::product_input::kSrcZeroPoint) : nullptr;
  const auto value = number_of(pad.input(2));
  return pad.input(2) == zero_point || (value && value == number_of(zero_point));
}

/// What a Pad by a constant adds around each spatial axis, as Conv's pads; nothing when it does something
/// else.
std::optional<std::vector<int64_t>> spatial_pads(const Node& pad) {
  const size_t rank = pad.input(0)->rank();
  if (pad.attrs().s("mode", "constant") != "constant" || pad.input(3) || rank < 3) return std::nullopt;
  const auto pads = ops::known_ints(pad.input(1));
  if (!pads || pads->size() != 2 * rank || std::ranges::any_of(*pads, [](int64_t p) { return p < 0; }))
    return std::nullopt;
  std::vector<int64_t> spatial;
  for (size_t i = 0; i < pads->size(); ++i) {
    if (i % rank >= 2) spatial.push_back((*pads)[i]);
    else if ((*pads)[i] != 0) return std::nullopt;
  }
  return spatial;
}

}  // namespace

size_t fold_pad(Graph& graph) {
  size_t changed = 0;
  for (Node* conv : graph.node_list()) {
    if (conv->op() != "Conv" && conv->op() != "QuantizedConv") continue;
    const Node* pad = conv->input(0)->producer();
    const std::string auto_pad = conv->attrs().s("auto_pad", "NOTSET");
    if (!pad || pad->op() != "Pad" || (auto_pad != "NOTSET" && auto_pad != "VALID")) continue;
    const auto added = adds_zeros(*pad, *conv) ? spatial_pads(*pad) : std::nullopt;
    if (!added) continue;
    std::vector<int64_t> pads = conv->attrs().ints("pads", std::vector<int64_t>(added->size(), 0));
    if (auto_pad == "VALID") std::ranges::fill(pads, 0);
    for (size_t i = 0; i < pads.size(); ++i) pads[i] += (*added)[i];
    conv->attrs().erase("auto_pad");
    conv->attrs().set("pads", std::move(pads));
    graph.set_input(conv, 0, pad->input(0));
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
