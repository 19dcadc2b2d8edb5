#include "ops/infer_alone.h"

namespace twofour::ops {

std::vector<ValueType> infer_alone(const std::string& op, const std::string& name, const Attrs& attrs,
                                   size_t num_outputs, std::span<const std::optional<KnownInput>> inputs) {
  Graph graph;
  std::vector<Value*> values;
  for (const auto& input : inputs) {
    if (!input) values.push_back(nullptr);
    else if (input->data.defined()) values.push_back(graph.add_constant("", input->data));
    else values.push_back(graph.add_input("", input->type));
  }
  const Node* node = graph.add_node(op, std::move(values), num_outputs, attrs, name);
  infer_types(*node);
  std::vector<ValueType> types;
  for (const Value* output : node->outputs()) types.push_back(output->type());
  return types;
}

}  // namespace twofour::ops
