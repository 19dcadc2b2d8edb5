#include "engine/known_inputs.h"

namespace twofour::engine {

std::vector<std::optional<ops::KnownInput>> known_inputs(const Plan& plan, const PlanStep& step,
                                                         std::span<const Tensor> sections) {
  std::vector<std::optional<ops::KnownInput>> known;
  for (const int i : step.inputs) {
    auto& input = known.emplace_back();
    if (i == -1) continue;
    const PlanTensor& t = plan.tensors[static_cast<size_t>(i)];
    input = {{}, t.type()};
    if (t.kind == PlanTensor::Kind::kConstant && t.index != -1)
      input->data = sections[static_cast<size_t>(t.index)];
  }
  return known;
}

}  // namespace twofour::engine
