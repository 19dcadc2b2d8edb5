#include "quant/kinds.h"

#include <algorithm>

#include "ops/quantisation/on_codes.h"

namespace twofour::quant {

using Kind = ops::Quant::Kind;

bool is_product(const Node& node) {
  const ops::OpDef& op = ops::get_op(node.op());
  return op.standard && op.quant.kind == Kind::kWeighted;
}

bool moves_codes(const Node& node) {
  if (node.op() == "Resize") return node.attrs().s("mode", "nearest") == "nearest";
  return ops::get_op(node.op()).quant.kind == Kind::kCommutes;
}

bool computes_on_codes(const Node& node) { return ops::on_codes(node.op()).has_value(); }

bool works_on_codes(const Node& node) {
  return is_product(node) || moves_codes(node) || computes_on_codes(node);
}

std::vector<size_t> real_inputs(const Node& node) {
  const ops::OpDef& op = ops::get_op(node.op());
  std::vector<size_t> found;
  for (size_t i = 0; i < node.inputs().size(); ++i)
    if (node.input(i) && node.input(i)->dtype() == DType::kF32 && !ops::input_port(op, i).state)
      found.push_back(i);
  return found;
}

bool is_elementwise(const Node& node) {
  const auto all = ops::all_ops();
  const auto op = std::ranges::find(all, &ops::get_op(node.op()));
  return ops::all_families()[static_cast<size_t>(op - all.begin())] == "elementwise";
}

}  // namespace twofour::quant
