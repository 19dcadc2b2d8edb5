#include "ir/inline.h"

#include <unordered_map>

namespace twofour {

std::vector<Value*> inline_graph(Graph& graph, const Graph& body, std::span<Value* const> args,
                                 const Node* before) {
  TWOFOUR_CHECK(args.size() == body.inputs().size(), kInvalidArgument,
                "subgraph \"{}\" has {} inputs, it is given {}", body.name(), body.inputs().size(),
                args.size());
  std::unordered_map<const Value*, Value*> map;
  for (size_t i = 0; i < args.size(); ++i) map[body.inputs()[i]] = args[i];
  for (const auto& value : body.values())
    if (value->is_constant()) map[value.get()] = graph.add_constant(value->name(), value->data());
  const auto mapped = [&](const Value* v) { return v ? map.at(v) : nullptr; };
  for (const auto& node : body.nodes()) {
    std::vector<Value*> inputs;
    for (const Value* input : node->inputs()) inputs.push_back(mapped(input));
    const Node* twin =
        graph.add_node(node->op(), inputs, node->outputs().size(), node->attrs(), node->name(), before);
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      Value* output = twin->output(i);
      output->set_type(node->output(i)->type());
      if (!graph.find_value(node->output(i)->name())) graph.rename(output, node->output(i)->name());
      map[node->output(i)] = output;
    }
  }
  std::vector<Value*> outputs;
  for (const Value* output : body.outputs()) outputs.push_back(mapped(output));
  return outputs;
}

}  // namespace twofour
