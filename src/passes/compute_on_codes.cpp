#include <algorithm>

#include "ops/quantisation/on_codes.h"
#include "passes/activation.h"
#include "passes/codes.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

struct Inputs {
  std::vector<Value*> values;
  std::vector<ops::InputCodes> codes;
};

/// The codes behind the node's inputs, constants in f32 as they are; nothing where one is neither.
std::optional<Inputs> inputs_of(const Node& node) {
  Inputs inputs;
  for (Value* input : node.inputs()) {
    if (const auto codes = codes_behind(input)) {
      inputs.values.push_back(input->producer()->input(0));
      inputs.codes.push_back({codes->scale, codes->zero_point});
    } else {
      if (!input->is_constant() || input->dtype() != DType::kF32) return std::nullopt;
      inputs.values.push_back(input);
      inputs.codes.emplace_back();
    }
  }
  return inputs;
}

bool rewrite(Graph& graph, Node* node) {
  const auto op = ops::on_codes(node->op());
  const auto inputs = op ? inputs_of(*node) : std::nullopt;
  if (!inputs) return false;
  std::vector<Node*> chain = {node};
  Attrs attrs = node->attrs();
  append_activation(graph, chain, attrs);
  const std::string name = joined_name(chain);
  Node* quantize = quantizer(graph, chain.back()->output());
  if (!quantize) return false;
  chain.push_back(quantize);
  ops::set_input_codes(attrs, inputs->codes);
  ops::set_output_codes(attrs, *codes_of(*quantize));
  fuse_chain(graph, chain, *op, inputs->values, std::move(attrs), name);
  return true;
}

}  // namespace

size_t compute_on_codes(Graph& graph) {
  size_t changed = 0;
  std::vector<Node*> nodes = graph.node_list();
  std::erase_if(nodes, [](const Node* node) { return !ops::on_codes(node->op()); });
  for (Node* node : nodes) changed += rewrite(graph, node);
  if (changed) graph.erase_dead();
  return changed;
}

}  // namespace twofour::passes
