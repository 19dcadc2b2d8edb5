#include "engine/validate.h"

#include "engine/check_memory.h"
#include "ops/op_def.h"

namespace twofour::engine {
namespace {

void validate_step(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections) {
  Graph graph;
  std::vector<Value*> inputs;
  for (const backend::NodeDesc::Input& input : describe(plan, step, sections).inputs) {
    if (!input.present) inputs.push_back(nullptr);
    else if (input.data.defined()) inputs.push_back(graph.add_constant("c", input.data));
    else inputs.push_back(graph.add_input("x", {input.desc.dtype, to_dims(input.desc.shape)}));
  }
  const Node* node = graph.add_node(step.op, std::move(inputs), step.outputs.size(), step.attrs, step.name);
  ops::infer_types(*node);
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    const PlanTensor& tensor = plan.tensors[static_cast<size_t>(step.outputs[i])];
    const ValueType expected{tensor.desc.dtype, to_dims(tensor.desc.shape)};
    TWOFOUR_CHECK(node->output(i)->dtype() == expected.dtype && node->output(i)->dims() == expected.dims,
                  kDataCorrupt, "output {} is {}, the plan says {}", i, node->output(i)->type().to_string(),
                  expected.to_string());
  }
}

}  // namespace

void validate(const Plan& plan, std::span<const Tensor> sections, const backend::Backend& backend) {
  for (const PlanTensor& tensor : plan.tensors)
    if (tensor.kind == PlanTensor::Kind::kConstant && tensor.index != -1) {
      const Tensor& section = sections[static_cast<size_t>(tensor.index)];
      TWOFOUR_CHECK(section.dtype() == tensor.desc.dtype && section.shape() == tensor.desc.shape,
                    kDataCorrupt, "constant \"{}\" does not match its section", tensor.name);
    }
  for (const PlanStep& step : plan.steps) try {
      // What an open step does is checked when it runs.
      if (!step.is_open()) validate_step(plan, step, sections);
      for (const auto& [attribute, body] : step.bodies) validate(*body, sections, backend);
    } catch (const Error& error) {
      fail(ErrorCode::kDataCorrupt, "step \"{}\" is not valid: {}", step.name, error.what());
    }
  check_memory(plan, sections, backend);
}

}  // namespace twofour::engine
