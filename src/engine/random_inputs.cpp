#include "engine/random_inputs.h"

#include <algorithm>
#include <set>

#include "engine/known_inputs.h"
#include "ops/domain.h"

namespace twofour::engine {
namespace {

using ops::Domain;

/// Whether output 0 holds nothing but values of this input, and perhaps zeros.
bool hands_on(const ops::OpDef& op, size_t input) {
  constexpr std::array<std::string_view, 8> kAny = {"Cast",    "Concat", "Dropout", "Relu",
                                                    "Reorder", "Trilu",  "Unique",  "Where"};
  if (std::ranges::find(kAny, op.name) != kAny.end())
    return op.name == "Concat" || input == (op.name == "Where");
  return op.quant.kind == ops::Quant::Kind::kCommutes && input == 0;
}

/// What the readers of one input of an engine declare for it.
class Readers {
 public:
  explicit Readers(std::span<const Tensor> sections) : sections_(sections) {}

  Domain domain(const Plan& plan, int tensor) {
    visit(plan, tensor);
    return domain_.value_or(ops::undeclared(plan.tensors[static_cast<size_t>(tensor)].desc.dtype));
  }

 private:
  void visit(const Plan& plan, int tensor) {
    if (!seen_.emplace(&plan, tensor).second) return;
    for (const PlanStep& step : plan.steps)
      for (size_t i = 0; i < step.inputs.size(); ++i)
        if (step.inputs[i] == tensor) read(plan, step, i);
  }

  void read(const Plan& plan, const PlanStep& step, size_t input) {
    const ops::OpDef& op = ops::get_op(step.op);
    if (input_port(op, input).domain) return narrow(declared(plan, step, input));
    for (const auto& [attribute, body] : step.bodies) {
      const size_t place = step.op == "If" ? input - 1 : input;
      if (place < body->inputs.size()) visit(*body, body->inputs[place]);
    }
    if (hands_on(op, input)) visit(plan, step.outputs[0]);
  }

  Domain declared(const Plan& plan, const PlanStep& step, size_t input) const {
    Graph graph;
    const Node* node = ops::add_alone(graph, step.op, step.name, step.attrs, step.outputs.size(),
                                      known_inputs(plan, step, sections_));
    for (size_t i = 0; i < step.outputs.size(); ++i)
      node->output(i)->set_type(plan.tensors[static_cast<size_t>(step.outputs[i])].type());
    return ops::domain_of(*node, input);
  }

  /// What all readers allow; where they allow nothing in common, the first one's.
  void narrow(const Domain& other) {
    if (!domain_) domain_ = other;
    if (!domain_->values.empty() || !other.values.empty()) return;
    const Domain both{std::max(domain_->low, other.low), std::min(domain_->high, other.high)};
    if (both.low < both.high) domain_ = both;
  }

  std::span<const Tensor> sections_;
  std::set<std::pair<const Plan*, int>> seen_;
  std::optional<Domain> domain_;
};

Shape shape_of(const PlanTensor& input, const std::map<std::string, Shape>& shapes) {
  if (!input.is_open()) return input.desc.shape;
  if (const auto given = shapes.find(input.name); given != shapes.end()) return given->second;
  Shape shape;
  for (const engine::DimRange& dim : input.open)
    shape.push_back(std::min(std::max<int64_t>(dim.min, 1), dim.max));
  return shape;
}

}  // namespace

std::map<std::string, Tensor> random_inputs(const Engine& engine, const std::map<std::string, Shape>& shapes,
                                            uint64_t seed) {
  const Plan& plan = engine.plan();
  std::map<std::string, Tensor> inputs;
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    const PlanTensor& input = plan.tensors[static_cast<size_t>(plan.inputs[i])];
    const Domain domain = Readers(engine.sections()).domain(plan, plan.inputs[i]);
    Rng rng = Rng::stream(seed, i);
    inputs[input.name] = ops::draw(domain, input.desc.dtype, shape_of(input, shapes), rng);
  }
  return inputs;
}

}  // namespace twofour::engine
