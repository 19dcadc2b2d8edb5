#include "ops/infer_alone.h"

namespace twofour::ops {

Node* add_alone(Graph& graph, const std::string& op, const std::string& name, const Attrs& attrs,
                size_t num_outputs, std::span<const std::optional<KnownInput>> inputs) {
  std::vector<Value*> values;
  for (const auto& input : inputs) {
    if (!input) values.push_back(nullptr);
    else if (input->data.defined()) values.push_back(graph.add_constant("", input->data));
    else values.push_back(graph.add_input("", input->type));
  }
  return graph.add_node(op, std::move(values), num_outputs, attrs, name);
}

std::vector<ValueType> infer_alone(const std::string& op, const std::string& name, const Attrs& attrs,
                                   size_t num_outputs, std::span<const std::optional<KnownInput>> inputs) {
  Graph graph;
  const Node* node = add_alone(graph, op, name, attrs, num_outputs, inputs);
  infer_types(*node);
  std::vector<ValueType> types;
  for (const Value* output : node->outputs()) types.push_back(output->type());
  return types;
}

}  // namespace twofour::ops
