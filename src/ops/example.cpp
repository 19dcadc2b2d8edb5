#include "ops/example.h"

#include "base/rng.h"

namespace twofour::ops {
namespace {

std::vector<float> example_values(const ExampleInput& input, Rng& rng) {
  if (!input.values.empty()) return input.values;
  std::vector<float> values(static_cast<size_t>(input.shape.numel()));
  if (input.distinct) {
    const auto count = static_cast<float>(values.size());
    for (size_t i = 0; i < values.size(); ++i) values[i] = (2 * static_cast<float>(i) + 1 - count) * 0.03F;
    if (values.size() % 2 == 1)
      for (float& v : values) v += 0.03F;
    rng.shuffle(values);
    return values;
  }
  for (float& v : values) v = rng.uniform(input.low, input.high);
  return values;
}

Tensor example_tensor(const ExampleInput& input, uint64_t seed, size_t index) {
  Rng rng = Rng::stream(seed, index);
  return Tensor::of<float>(input.shape, example_values(input, rng)).to(input.dtype);
}

}  // namespace

ExampleInput example_ints(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return {.dtype = DType::kI64, .shape = {count}, .values = std::move(values), .constant = true};
}

Graph example_graph(const OpDef& op, const Example& example, uint64_t seed) {
  Graph graph("example");
  std::vector<Value*> inputs;
  for (size_t i = 0; i < example.inputs.size(); ++i) {
    const ExampleInput& input = example.inputs[i];
    const std::string name = fmt::format("input{}", i);
    if (input.absent) inputs.push_back(nullptr);
    else if (input.constant) inputs.push_back(graph.add_constant(name, example_tensor(input, seed, i)));
    else inputs.push_back(graph.add_input(name, {input.dtype, to_dims(input.shape)}));
  }
  Node* node =
      graph.add_node(std::string(op.name), std::move(inputs), example.num_outputs, example.attrs, "node");
  infer_types(*node);
  graph.set_outputs(node->outputs());
  return graph;
}

std::vector<Tensor> example_inputs(const Example& example, uint64_t seed) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < example.inputs.size(); ++i)
    if (!example.inputs[i].absent && !example.inputs[i].constant)
      tensors.push_back(example_tensor(example.inputs[i], seed, i));
  return tensors;
}

}  // namespace twofour::ops
