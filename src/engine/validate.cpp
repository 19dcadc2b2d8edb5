#include "engine/validate.h"

#include "engine/check_memory.h"
#include "engine/known_inputs.h"

namespace twofour::engine {
namespace {

void validate_step(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections) {
  const auto types = ops::infer_alone(step.op, step.name, step.attrs, step.outputs.size(),
                                      known_inputs(plan, step, sections));
  for (size_t i = 0; i < types.size(); ++i) {
    const ValueType expected = plan.tensors[static_cast<size_t>(step.outputs[i])].type();
    TWOFOUR_CHECK(types[i] == expected, kDataCorrupt, "output {} is {}, the plan says {}", i,
                  types[i].to_string(), expected.to_string());
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
