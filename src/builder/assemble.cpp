#include "builder/assemble.h"

#include <algorithm>
#include <cstring>

#include "builder/memory_plan.h"
#include "ir/hash.h"

namespace twofour::builder {
namespace {

using engine::Plan;
using engine::PlanStep;
using engine::PlanTensor;
using Kind = PlanTensor::Kind;

size_t index_of(const std::vector<Value*>& values, const Value* value) {
  return static_cast<size_t>(std::ranges::find(values, value) - values.begin());
}

Attrs without_subgraphs(const Attrs& attrs) {
  Attrs rest;
  for (const auto& [name, value] : attrs)
    if (!std::holds_alternative<Subgraph>(value)) rest.set(name, value);
  return rest;
}

class Assembler {
 public:
  Assembler(const Graph& graph, const Assignments& assignments, const InputRanges& ranges,
            const std::map<const Value*, const Value*>& donations, Sections& sections)
      : graph_(graph),
        assignments_(assignments),
        ranges_(ranges),
        donations_(donations),
        sections_(sections) {}

  Plan run() {
    for (const auto& node : graph_.nodes()) position_.emplace(node.get(), position_.size());
    for (const Value* input : graph_.inputs()) add_tensor(input, Kind::kInput);
    for (const Value* output : graph_.outputs()) add_output(output);
    for (const auto& node : graph_.nodes()) add_step(*node);
    place_arena();
    index_io(plan_);
    return std::move(plan_);
  }

 private:
  int add_tensor(const Value* value, Kind kind) {
    const auto [it, fresh] = number_.try_emplace(value, static_cast<int>(plan_.tensors.size()));
    if (!fresh) return it->second;
    PlanTensor tensor{.name = value->name(), .desc = {value->dtype(), {}}, .kind = kind};
    if (value->type().is_static()) tensor.desc.shape = value->shape();
    else if (value->type().known) tensor.open = ranges_of(*value);
    else tensor.any_rank = true;
    plan_.tensors.push_back(std::move(tensor));
    return it->second;
  }

  std::vector<engine::DimRange> ranges_of(const Value& value) const {
    std::vector<engine::DimRange> ranges;
    for (const Dim& dim : value.dims())
      ranges.push_back(dim.known() ? engine::DimRange{dim.value, dim.value} : engine::DimRange{});
    const auto given = ranges_.find(value.name());
    if (given == ranges_.end() || value.producer()) return ranges;
    ranges = given->second;
    for (size_t i = 0; i < ranges.size(); ++i) ranges[i].symbol = value.dims()[i].symbol;
    return ranges;
  }

  void add_output(const Value* output) {
    if (!output->producer()) return add_alias(output);
    const auto donor = donations_.find(output);
    const int number = add_tensor(output, donor == donations_.end() ? Kind::kOutput : Kind::kDonated);
    if (donor != donations_.end())
      plan_.tensors[static_cast<size_t>(number)].index = number_.at(donor->second);
  }

  /// An input that is an output as it is.
  void add_alias(const Value* input) {
    const int number = number_.at(input);
    PlanTensor alias = plan_.tensors[static_cast<size_t>(number)];
    alias.kind = Kind::kDonated;
    alias.index = number;
    plan_.tensors.push_back(std::move(alias));
  }

  int add_constant(const Value* value, bool keep_data) {
    const int number = add_tensor(value, Kind::kConstant);
    int& section = plan_.tensors[static_cast<size_t>(number)].index;
    if (keep_data && section == -1) section = sections_.add(value->data());
    return number;
  }

  void add_step(const Node& node) {
    const Assignment& assignment = assignments_.at(&node);
    const backend::Tactic* tactic = assignment.tactic;
    const size_t step_number = plan_.steps.size();
    PlanStep step{.name = node.name(),
                  .op = node.op(),
                  .attrs = without_subgraphs(node.attrs()),
                  .inputs = {},
                  .outputs = {},
                  .tactic = tactic ? tactic->name() : "",
                  .packed = {},
                  .sparse = tactic && tactic->is_sparse(),
                  .bodies = assignment.bodies};
    for (size_t i = 0; i < node.inputs().size(); ++i) {
      const Value* value = node.input(i);
      if (!value) step.inputs.push_back(-1);
      else if (value->is_constant())
        step.inputs.push_back(add_constant(value, sections_.keeps_plain() || !tactic || !tactic->packs()));
      else step.inputs.push_back(read(value, step_number));
    }
    for (size_t i = 0; i < node.outputs().size(); ++i)
      step.outputs.push_back(write(node, i, assignment, step_number));
    if (tactic) step.packed = sections_.add_packed(*tactic, assignment.desc);
    plan_.steps.push_back(std::move(step));
  }

  int read(const Value* value, size_t step) {
    const auto it = buffer_.find(value);
    if (it != buffer_.end()) buffers_[it->second].last = step;
    return number_.at(value);
  }

  int write(const Node& node, size_t output, const Assignment& assignment, size_t step) {
    const Value* value = node.output(output);
    if (!assignment.tactic) return add_tensor(value, Kind::kDynamic);
    const int number = add_tensor(value, Kind::kArena);
    PlanTensor& tensor = plan_.tensors[static_cast<size_t>(number)];
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
    plan_.arena_bytes = memory.arena_bytes;
    plan_.arena_lower_bound_bytes = memory.lower_bound_bytes;
    for (const auto& [value, buffer] : buffer_)
      plan_.tensors[static_cast<size_t>(number_.at(value))].offset = memory.offsets[buffer];
  }

  const Graph& graph_;
  const Assignments& assignments_;
  const InputRanges& ranges_;
  const std::map<const Value*, const Value*>& donations_;
  Sections& sections_;
  Plan plan_;
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
  if (!assignment.tactic) return false;
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

int Sections::add(Tensor tensor) {
  const auto same = [&](const Tensor& other) {
    return other.dtype() == tensor.dtype() && other.shape() == tensor.shape() &&
           std::memcmp(other.raw(), tensor.raw(), tensor.size_bytes()) == 0;
  };
  const uint64_t hash = hash_tensor(tensor);
  const auto [first, last] = numbers_.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (same(sections_[static_cast<size_t>(it->second)])) return it->second;
  const int number = static_cast<int>(sections_.size());
  numbers_.emplace(hash, number);
  sections_.push_back(std::move(tensor));
  return number;
}

std::vector<int> Sections::add_packed(const backend::Tactic& tactic, const backend::NodeDesc& node) {
  std::vector<int> numbers;
  for (Tensor& packed : store_ ? store_->pack(tactic, node) : tactic.pack(node))
    numbers.push_back(add(std::move(packed)));
  return numbers;
}

Plan assemble(const Graph& graph, const Assignments& assignments, const InputRanges& ranges,
              const std::map<const Value*, const Value*>& donations, Sections& sections) {
  return Assembler(graph, assignments, ranges, donations, sections).run();
}

}  // namespace twofour::builder
