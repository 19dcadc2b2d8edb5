#include "quant/kinds.h"

#include "ops/quantisation/on_codes.h"
#include "passes/codes.h"

namespace twofour::quant {

bool is_product(const Node& node) {
  const ops::OpDef& op = ops::get_op(node.op());
  return op.standard && op.quant.kind == ops::Quant::Kind::kWeighted;
}

bool computes_on_codes(const Node& node) { return ops::on_codes(node.op()).has_value(); }

bool works_on_codes(const Node& node) {
  return is_product(node) || passes::moves_codes(node) || computes_on_codes(node);
}

std::vector<size_t> real_inputs(const Node& node) {
  const ops::OpDef& op = ops::get_op(node.op());
  std::vector<size_t> found;
  for (size_t i = 0; i < node.inputs().size(); ++i)
    if (node.input(i) && node.input(i)->dtype() == DType::kF32 && !ops::input_port(op, i).state)
      found.push_back(i);
  return found;
}

}  // namespace twofour::quant
