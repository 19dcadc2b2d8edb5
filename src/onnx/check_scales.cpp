#include "onnx/check_scales.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "ir/subgraphs.h"

namespace twofour::onnx_io {
namespace {

/// Scales in half are widened before they are read.
const Value* given_scale(const Node& node) {
  const Value* scale = node.input(1);
  const Node* producer = scale->producer();
  return producer && producer->op() == "Cast" ? producer->input(0) : scale;
}

void check(const Node& node) {
  const Value* scale = given_scale(node);
  if (node.input(0)->is_constant() || !scale->is_constant()) return;
  const Tensor wide = scale->data().to(DType::kF32);
  const auto values = wide.span<float>();
  const auto nan = std::ranges::find_if(values, [](float v) { return std::isnan(v); });
  TWOFOUR_CHECK(nan == values.end(), kInvalidArgument,
                "{}: scale {} of \"{}\" is NaN; nothing has a code then", node.label(), nan - values.begin(),
                scale->name());
  const auto odd = std::ranges::find_if(values, [](float v) { return v <= 0 || std::isinf(v); });
  if (odd != values.end())
    log_warning(
        "{}: scale {} of \"{}\" is {}; a positive number is usual, src / scale + zero_point is computed",
        node.label(), odd - values.begin(), scale->name(), *odd);
}

}  // namespace

void check_scales(const Graph& graph) {
  for (const auto& node : graph.nodes()) {
    if (node->op() == "QuantizeLinear") check(*node);
    for_each_subgraph(node->attrs(), [](const std::string&, const Graph& body) { check_scales(body); });
  }
}

}  // namespace twofour::onnx_io
