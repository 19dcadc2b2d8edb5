#include "builder/builder.h"
#include "case.h"
#include "cpu/backend.h"
#include "ops/evaluate.h"

namespace twofour::conformance {

std::vector<Tensor> run_reference(Graph graph, const std::vector<Tensor>& inputs) {
  return ops::evaluate(graph, inputs);
}

std::vector<Tensor> run_engine(Graph graph, const std::vector<Tensor>& inputs) {
  static const cpu::CpuBackend backend;
  builder::Options options{.time_tactics = false};
  std::vector<std::string> input_names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    input_names.push_back(graph.inputs().at(i)->name());
    options.shapes[input_names.back()] = inputs[i].shape();
  }
  const auto context = builder::build(std::move(graph), backend, options).engine->create_context();
  for (size_t i = 0; i < inputs.size(); ++i) context->bind(input_names[i], inputs[i]);
  context->run();
  std::vector<Tensor> outputs;
  for (const int output : context->engine().plan().outputs)
    outputs.push_back(context->tensor(context->engine().plan().tensors[static_cast<size_t>(output)].name));
  return outputs;
}

}  // namespace twofour::conformance
