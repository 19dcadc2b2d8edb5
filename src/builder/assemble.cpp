#include "builder/assemble.h"

#include <algorithm>

#include "builder/memory_plan.h"

namespace twofour::builder {
namespace {

using engine::Plan;
using engine::PlanStep;
using engine::PlanTensor;
using Kind = PlanTensor::Kind;

size_t index_of(const std::vector<Value*>& values, const Value* value) {
  return static_cast<size_t>(std::ranges::find(values, value) - values.begin());
}

class Assembler {
 public:
  Assembler(const Graph& graph, const Assignments& assignments,
            const std::map<const Value*, const Value*>& donations)
      : graph_(graph), assignments_(assignments), donations_(donations) {}

  Assembly run() {
    for (const auto& node : graph_.nodes()) position_.emplace(node.get(), position_.size());
    for (const Value* input : graph_.inputs()) add_tensor(input, Kind::kInput);
    for (const Value* output : graph_.outputs()) add_output(output);
    for (const auto& node : graph_.nodes()) add_step(*node);
    place_arena();
    for (size_t i = 0; i < plan().tensors.size(); ++i) {
      const Kind kind = plan().tensors[i].kind;
      if (kind == Kind::kInput) plan().inputs.push_back(static_cast<int>(i));
      if (kind == Kind::kOutput || kind == Kind::kDonated) plan().outputs.push_back(static_cast<int>(i));
    }
    return std::move(assembly_);
  }

 private:
  Plan& plan() { return assembly_.plan; }

  int add_tensor(const Value* value, Kind kind) {
    const auto [it, fresh] = number_.try_emplace(value, static_cast<int>(plan().tensors.size()));
    if (fresh) plan().tensors.push_back({value->name(), {value->dtype(), value->shape()}, kind, 0, -1});
    return it->second;
  }

  void add_output(const Value* output) {
    const auto donor = donations_.find(output);
    const int number = add_tensor(output, donor == donations_.end() ? Kind::kOutput : Kind::kDonated);
    if (donor != donations_.end())
      plan().tensors[static_cast<size_t>(number)].index = number_.at(donor->second);
  }

  int add_section(Tensor tensor) {
    assembly_.sections.push_back(std::move(tensor));
    return static_cast<int>(assembly_.sections.size()) - 1;
  }

  int add_constant(const Value* value, bool keep_data) {
    const int number = add_tensor(value, Kind::kConstant);
    int& section = plan().tensors[static_cast<size_t>(number)].index;
    if (keep_data && section == -1) section = add_section(value->data());
    return number;
  }

  void add_step(const Node& node) {
    const Assignment& assignment = assignments_.at(&node);
    const size_t step_number = plan().steps.size();
    PlanStep step{node.name(),  node.op(),
                  node.attrs(), {},
                  {},           assignment.tactic->name(),
                  {},           assignment.tactic->is_sparse()};
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* value = node.input(i);
      if (!value) step.inputs.push_back(-1);
      else if (value->is_constant()) step.inputs.push_back(add_constant(value, !assignment.tactic->packs()));
      else step.inputs.push_back(read(value, step_number));
    }
    for (size_t i = 0; i < node.outputs().size(); ++i)
      step.outputs.push_back(write(node, i, assignment, step_number));
    for (Tensor& packed : assignment.tactic->pack(assignment.desc))
      step.packed.push_back(add_section(std::move(packed)));
    plan().steps.push_back(std::move(step));
  }

  int read(const Value* value, size_t step) {
    const auto it = buffer_.find(value);
    if (it != buffer_.end()) buffers_[it->second].last = step;
    return number_.at(value);
  }

  int write(const Node& node, size_t output, const Assignment& assignment, size_t step) {
    const Value* value = node.output(output);
    const int number = add_tensor(value, Kind::kArena);
    PlanTensor& tensor = plan().tensors[static_cast<size_t>(number)];
    tensor.desc = assignment.desc.outputs[output];
    if (tensor.kind != Kind::kArena) return number;
    const Value* donor = in_place_donor(node, output, assignment, step);
    if (donor) {
      buffer_[value] = buffer_.at(donor);
      taken_.push_back({buffer_.at(donor), step});
    } else {
      buffer_[value] = buffers_.size();
      buffers_.push_back({tensor.desc.size_bytes(), step, step});
    }
    buffers_[buffer_[value]].last = step;
    return number;
  }

  // An input that the tactic can overwrite because nobody reads it after this step. A value that shares its
  // buffer with an earlier one is fine: that one ended when this one began.
  const Value* in_place_donor(const Node& node, size_t output, const Assignment& assignment,
                              size_t step) const {
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* value = node.input(i);
      const auto it = value ? buffer_.find(value) : buffer_.end();
      if (it == buffer_.end() || !assignment.tactic->in_place(assignment.desc, i, output)) continue;
      const bool dies = !graph_.is_output(value) && std::ranges::count(value->users(), &node) == 1 &&
                        readers_end(value, step);
      const bool free = std::ranges::find(taken_, std::pair(it->second, step)) == taken_.end();
      const bool same_size =
          assignment.desc.inputs[i].desc.size_bytes() == assignment.desc.outputs[output].size_bytes();
      if (dies && free && same_size) return value;
    }
    return nullptr;
  }

  // No reader of the value comes after `step`: position_ knows every node's step.
  bool readers_end(const Value* value, size_t step) const {
    return std::ranges::all_of(value->users(), [&](const Node* user) { return position_.at(user) <= step; });
  }

  void place_arena() {
    const MemoryPlan memory = plan_memory(buffers_);
    plan().arena_bytes = memory.arena_bytes;
    plan().arena_lower_bound_bytes = memory.lower_bound_bytes;
    for (const auto& [value, buffer] : buffer_)
      plan().tensors[static_cast<size_t>(number_.at(value))].offset = memory.offsets[buffer];
  }

  const Graph& graph_;
  const Assignments& assignments_;
  const std::map<const Value*, const Value*>& donations_;
  Assembly assembly_;
  std::unordered_map<const Node*, size_t> position_;
  std::unordered_map<const Value*, int> number_;
  std::unordered_map<const Value*, size_t> buffer_;  // arena values only
  std::vector<Lifetime> buffers_;
  std::vector<std::pair<size_t, size_t>> taken_;  // buffer, step: already handed to an output of that step
};

}  // namespace

bool can_donate(const Graph& graph, const Value* output, const Value* input, const Assignments& assignments) {
  const Node* producer = output->producer();
  const Assignment& assignment = assignments.at(producer);
  const size_t in = index_of(producer->inputs(), input);
  if (in == producer->inputs().size()) return false;
  if (!assignment.tactic->in_place(assignment.desc, in, index_of(producer->outputs(), output))) return false;
  bool after = false;
  for (const auto& node : graph.nodes()) {
    if (after && std::ranges::find(node->inputs(), input) != node->inputs().end()) return false;
    after |= node.get() == producer;
  }
  return true;
}

Assembly assemble(const Graph& graph, const Assignments& assignments,
                  const std::map<const Value*, const Value*>& donations) {
  return Assembler(graph, assignments, donations).run();
}

}  // namespace twofour::builder
