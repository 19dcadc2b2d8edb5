#include "ops/evaluate.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ops/infer.h"
#include "ops/infer_alone.h"

namespace twofour::ops {
namespace {

class Values {
 public:
  /// `graph` has the types that it has before a run.
  explicit Values(const Graph& graph) {
    for (const auto& value : graph.values())
      if (!value->type().known) of_any_rank_.insert(value.get());
  }
  Tensor get(const Value* value) const {
    if (!value) return {};
    if (value->is_constant()) return value->data();
    const auto it = tensors_.find(value);
    TWOFOUR_CHECK(it != tensors_.end(), kInvalidArgument, "value \"{}\" is read before it is computed",
                  value->name());
    return it->second;
  }
  void set(const Value* value, Tensor tensor) { tensors_[value] = std::move(tensor); }
  bool is_of_any_rank(const Value* value) const { return of_any_rank_.contains(value); }

 private:
  std::unordered_set<const Value*> of_any_rank_;
  std::unordered_map<const Value*, Tensor> tensors_;
};

bool is_open(const Node& node) {
  return !std::ranges::all_of(node.outputs(), [](const Value* v) { return v->type().is_static(); });
}

/// Sizes that depend on data become known once the inputs are.
void settle_types(const Node& node, std::span<const Tensor> inputs) {
  std::vector<std::optional<KnownInput>> known(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].defined()) known[i] = {inputs[i], {}};
  const auto types = infer_alone(node.op(), node.name(), node.attrs(), node.outputs().size(), known);
  for (size_t i = 0; i < types.size(); ++i) node.output(i)->set_type(types[i]);
}

std::vector<Tensor> run_control(const OpDef& op, const Node& node, std::span<const Tensor> inputs) {
  std::vector<ValueType> types;
  for (const Value* output : node.outputs()) types.push_back(output->type());
  std::vector<Tensor> results =
      with_context([&] { return "evaluating " + node.label(); },
                   [&] { return evaluate_control(op, node.attrs(), inputs, types); });
  for (size_t i = 0; i < results.size(); ++i) node.output(i)->set_type(type_of(results[i]));
  return results;
}

std::vector<Tensor> run(const Node& node, std::span<const Tensor> inputs) {
  const OpDef& op = get_op(node.op());
  if (op.control) return run_control(op, node, inputs);
  if (is_open(node)) settle_types(node, inputs);
  return run_reference(node, inputs);
}

void take(Value* value, const Tensor& tensor, Values& values) {
  const ValueType type = type_of(tensor);
  check_dtype(type, value->dtype(), value->name());
  if (value->type().known) check_dims(type, value->dims(), value->name());
  value->set_type(type);
  values.set(value, tensor);
}

/// Infers from what is known before a run: a branch that is not taken need not fit the ranks that came.
void infer_control(const Node& node, const Values& values) {
  for (Value* input : node.inputs())
    if (values.is_of_any_rank(input)) input->set_type(ValueType::unknown(input->dtype()));
  infer_types(node);
  for (Value* input : node.inputs())
    if (values.is_of_any_rank(input)) input->set_type(type_of(values.get(input)));
}

void compute(const Node& node, const EvaluateHooks& hooks, Values& values) {
  const OpDef* op = find_op(node.op());
  if (op && op->control) infer_control(node, values);
  else infer_types(node);
  std::vector<Tensor> args;
  for (const Value* input : node.inputs()) args.push_back(values.get(input));
  const std::vector<Tensor> results = run(node, args);
  for (size_t i = 0; i < results.size(); ++i) {
    values.set(node.output(i), results[i]);
    if (hooks.observe) hooks.observe(node.output(i)->name(), results[i]);
  }
}

/// Those that an output depends on, not counting what only given values need.
std::unordered_set<const Node*> needed_nodes(const Graph& graph, const std::map<std::string, Tensor>& given) {
  std::unordered_set<const Node*> needed;
  std::vector<const Value*> wanted(graph.outputs().begin(), graph.outputs().end());
  if (given.empty())
    for (const auto& node : graph.nodes()) needed.insert(node.get());
  while (!wanted.empty()) {
    const Value* value = wanted.back();
    wanted.pop_back();
    if (!value || !value->producer() || given.contains(value->name())) continue;
    if (!needed.insert(value->producer()).second) continue;
    for (const Value* input : value->producer()->inputs()) wanted.push_back(input);
  }
  return needed;
}

}  // namespace

std::vector<Tensor> evaluate(const Graph& graph, std::span<const Tensor> inputs, const EvaluateHooks& hooks) {
  TWOFOUR_CHECK(inputs.size() == graph.inputs().size(), kInvalidArgument, "the graph has {} inputs, got {}",
                graph.inputs().size(), inputs.size());
  Graph bound = graph.clone();
  Values values(bound);
  for (size_t i = 0; i < inputs.size(); ++i) take(bound.inputs()[i], inputs[i], values);
  const auto needed = needed_nodes(bound, hooks.given);
  for (const auto& node : bound.nodes()) {
    if (needed.contains(node.get())) compute(*node, hooks, values);
    for (Value* output : node->outputs())
      if (const auto it = hooks.given.find(output->name()); it != hooks.given.end())
        take(output, it->second, values);
  }
  std::vector<Tensor> outputs;
  for (const Value* output : bound.outputs()) outputs.push_back(values.get(output));
  return outputs;
}

std::vector<Tensor> evaluate(const Graph& graph, std::span<const Tensor> inputs) {
  return evaluate(graph, inputs, {});
}

std::vector<Tensor> evaluate_control(const OpDef& op, const Attrs& attrs, std::span<const Tensor> inputs,
                                     std::span<const ValueType> types) {
  const RunSubgraph run = [&](std::string_view attribute, std::span<const Tensor> args) {
    return evaluate(attrs.graph(attribute), args);
  };
  return op.control({attrs, inputs, types, run});
}

bool is_random(const OpDef& op) { return std::ranges::find(op.attrs, "seed") != op.attrs.end(); }

bool all_inputs_constant(const Node& node) {
  return std::ranges::all_of(node.inputs(), [](const Value* v) { return !v || v->is_constant(); });
}

}  // namespace twofour::ops
