#include "engine/random_inputs.h"

#include <algorithm>
#include <array>
#include <set>

#include "engine/known_inputs.h"
#include "ops/domain.h"
#include "ops/infer.h"

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
    const DType dtype = plan.tensors[static_cast<size_t>(tensor)].desc.dtype;
    return visit(plan, tensor).value_or(ops::undeclared(dtype));
  }

 private:
  using MaybeDomain = std::optional<Domain>;

  MaybeDomain visit(const Plan& plan, int tensor) {
    MaybeDomain found;
    if (!seen_.emplace(&plan, tensor).second) return found;
    for (const PlanStep& step : plan.steps)
      for (size_t i = 0; i < step.inputs.size(); ++i)
        if (step.inputs[i] == tensor) narrow(found, read(plan, step, i));
    return found;
  }

  MaybeDomain read(const Plan& plan, const PlanStep& step, size_t input) {
    const ops::OpDef& op = ops::get_op(step.op);
    if (input_port(op, input).domain) return declared(plan, step, input);
    MaybeDomain found;
    for (const auto& [attribute, body] : step.bodies) {
      const size_t place = step.op == "If" ? input - 1 : input;
      if (place < body->inputs.size()) narrow(found, visit(*body, body->inputs[place]));
    }
    const std::optional<int64_t> number = operand(plan, step, input);
    if (!number && !hands_on(op, input)) return found;
    MaybeDomain result = visit(plan, step.outputs[0]);
    if (result && number) result = undone(step.op, *number, *std::move(result));
    if (result && step.op == "Concat") result = part(plan, step, input, *std::move(result));
    narrow(found, result);
    return found;
  }

  /// What an integer is added to, reduced by or compared with, when that is one number.
  std::optional<int64_t> operand(const Plan& plan, const PlanStep& step, size_t input) const {
    constexpr std::array<std::string_view, 4> kOps = {"Add", "Max", "Min", "Sub"};
    if (std::ranges::find(kOps, step.op) == kOps.end() || step.inputs.size() != 2) return std::nullopt;
    if (step.op == "Sub" && input == 1) return std::nullopt;
    const auto other = known_inputs(plan, step, sections_)[1 - input];
    if (!other || !other->data.defined() || other->data.numel() != 1) return std::nullopt;
    const DType dtype = other->data.dtype();
    if (dtype != DType::kI32 && dtype != DType::kI64) return std::nullopt;
    return ops::to_ints(other->data)[0];
  }

  /// The integers for which `op` with `number` gives what `domain` allows, or the nearest to it.
  static Domain undone(std::string_view op, int64_t number, Domain domain) {
    const auto operand = static_cast<double>(number);
    const auto before = [&](double value) {
      if (op == "Add") return value - operand;
      if (op == "Sub") return value + operand;
      return op == "Max" ? std::max(value, operand) : std::min(value, operand);
    };
    domain.low = before(domain.low);
    domain.high = before(domain.high - 1) + 1;
    for (double& value : domain.values) value = before(value);
    return domain;
  }

  /// Of the values that are listed for a vector, those of this part of it.
  static Domain part(const Plan& plan, const PlanStep& step, size_t input, Domain domain) {
    if (plan.tensors[static_cast<size_t>(step.outputs[0])].type().dims.size() != 1) return domain;
    size_t first = 0;
    for (const int before : std::span(step.inputs).first(input)) {
      const ValueType type = plan.tensors[static_cast<size_t>(before)].type();
      first += type.known && type.is_static() ? static_cast<size_t>(type.shape().numel()) : 0;
    }
    if (first < domain.values.size())
      domain.values.erase(domain.values.begin(), domain.values.begin() + static_cast<std::ptrdiff_t>(first));
    return domain;
  }

  Domain declared(const Plan& plan, const PlanStep& step, size_t input) const {
    Graph graph;
    const Node* node = ops::add_alone(graph, step.op, step.name, step.attrs, step.outputs.size(),
                                      known_inputs(plan, step, sections_));
    for (size_t i = 0; i < step.outputs.size(); ++i)
      node->output(i)->set_type(plan.tensors[static_cast<size_t>(step.outputs[i])].type());
    return ops::domain_of(*node, input);
  }

  /// What all readers allow, the first values that are listed before any range; where ranges have nothing in
  /// common, the first one.
  static void narrow(MaybeDomain& found, const MaybeDomain& other) {
    if (!other || (found && !found->values.empty())) return;
    if (!found || !other->values.empty()) found = other;
    const Domain both{std::max(found->low, other->low), std::min(found->high, other->high)};
    if (found->values.empty() && both.low < both.high) found = both;
  }

  std::span<const Tensor> sections_;
  std::set<std::pair<const Plan*, int>> seen_;
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
