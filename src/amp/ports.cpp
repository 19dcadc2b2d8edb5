#include "amp/ports.h"

#include <algorithm>

namespace twofour::amp {

const ops::Port& input_port(const Node& node, size_t i) {
  const auto& ports = ops::get_op(node.op()).inputs;
  return ports[std::min(i, ports.size() - 1)];
}

const ops::Port& output_port(const Node& node, size_t i) {
  const auto& ports = ops::get_op(node.op()).outputs;
  return ports[std::min(i, ports.size() - 1)];
}

bool is_paintable_input(const Node& node, size_t i) {
  const Value* value = node.input(i);
  return value && (value->dtype() == DType::kF32 || twofour::is_half(value->dtype())) &&
         !input_port(node, i).keep_f32;
}

bool is_paintable_output(const Node& node, size_t i) {
  return node.output(i)->dtype() == DType::kF32 && !output_port(node, i).keep_f32;
}

}  // namespace twofour::amp
