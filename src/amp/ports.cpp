#include "amp/ports.h"

namespace twofour::amp {

bool is_paintable_input(const Node& node, size_t i) {
  const Value* value = node.input(i);
  return value && (value->dtype() == DType::kF32 || twofour::is_half(value->dtype())) &&
         !input_port(ops::get_op(node.op()), i).keep_f32;
}

bool is_paintable_output(const Node& node, size_t i) {
  return node.output(i)->dtype() == DType::kF32 && !output_port(ops::get_op(node.op()), i).keep_f32;
}

}  // namespace twofour::amp
