#include "engine/check_memory.h"

#include <algorithm>
#include <map>

namespace twofour::engine {
namespace {

using Kind = PlanTensor::Kind;
constexpr size_t kNever = SIZE_MAX;

/// The step that writes a tensor, and the last one that reads it (or writes it, when none does).
struct Lifetime {
  size_t written = kNever;
  size_t last = 0;
};

class MemoryCheck {
 public:
  MemoryCheck(const Plan& plan, std::span<const Tensor> sections, const backend::Backend& backend)
      : plan_(plan), sections_(sections), backend_(backend), lifetimes_(plan.tensors.size()) {}

  void run() {
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      for (const int i : plan_.steps[s].inputs)
        if (i != -1) note_read(s, index(i));
      for (const int i : plan_.steps[s].outputs) note_write(s, index(i));
    }
    for (const int i : plan_.outputs)
      if (lifetimes_[index(i)].written == kNever) note_alias(index(i));
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      for (size_t o = 0; o < plan_.steps[s].outputs.size(); ++o) place_output(s, o);
      std::erase_if(alive_, [&](const auto& entry) { return lifetimes_[entry.second].last <= s; });
    }
  }

 private:
  static size_t index(int i) { return static_cast<size_t>(i); }
  const std::string& name(size_t tensor) const { return plan_.tensors[tensor].name; }

  void note_read(size_t step, size_t tensor) {
    Lifetime& life = lifetimes_[tensor];
    const Kind kind = plan_.tensors[tensor].kind;
    const bool ready = kind == Kind::kInput || kind == Kind::kConstant || life.written < step;
    TWOFOUR_CHECK(ready, kDataCorrupt, "step \"{}\" reads \"{}\", which no step has written by then",
                  plan_.steps[step].name, name(tensor));
    life.last = step;
  }

  void note_write(size_t step, size_t tensor) {
    Lifetime& life = lifetimes_[tensor];
    TWOFOUR_CHECK(life.written == kNever, kDataCorrupt,
                  "\"{}\" is written by two steps, the second is \"{}\"", name(tensor),
                  plan_.steps[step].name);
    life = {step, step};
  }

  /// An output that no step writes is an input, whose buffer nobody may take over.
  void note_alias(size_t output) {
    const PlanTensor& t = plan_.tensors[output];
    TWOFOUR_CHECK(t.kind == Kind::kDonated, kDataCorrupt, "no step writes output \"{}\"", t.name);
    donated_.emplace(index(t.index), output);
  }

  void place_output(size_t step, size_t output) {
    const size_t tensor = index(plan_.steps[step].outputs[output]);
    const PlanTensor& t = plan_.tensors[tensor];
    if (t.kind == Kind::kDonated) {
      const size_t donor = index(t.index);
      TWOFOUR_CHECK(donated_.emplace(donor, tensor).second, kDataCorrupt,
                    "\"{}\" and \"{}\" both live in the buffer of \"{}\"", name(tensor),
                    name(donated_.at(donor)), name(donor));
      check_takes_over(step, output, donor);
    }
    if (t.kind != Kind::kArena || t.desc.size_bytes() == 0) return;
    // Alive tensors do not overlap each other, so only neighbours of the first one behind `t` can reach it.
    auto next = alive_.lower_bound(t.offset);
    if (next != alive_.begin() && end_of(std::prev(next)->second) > t.offset) --next;
    while (next != alive_.end() && next->first < end_of(tensor)) {
      const PlanTensor& other = plan_.tensors[next->second];
      const bool same_place = other.offset == t.offset && other.desc.size_bytes() == t.desc.size_bytes();
      TWOFOUR_CHECK(same_place, kDataCorrupt,
                    "step \"{}\" writes \"{}\" across \"{}\", which is still needed", plan_.steps[step].name,
                    t.name, other.name);
      check_takes_over(step, output, next->second);
      next = alive_.erase(next);
    }
    alive_.emplace(t.offset, tensor);
  }

  size_t end_of(size_t tensor) const {
    const PlanTensor& t = plan_.tensors[tensor];
    return t.offset + t.desc.size_bytes();
  }

  /// The output may have the buffer of `donor`: nobody reads that later, and if this step does, then in
  /// place.
  void check_takes_over(size_t step, size_t output, size_t donor) const {
    const PlanStep& s = plan_.steps[step];
    const bool is_input = std::ranges::find(s.inputs, static_cast<int>(donor)) != s.inputs.end();
    const bool free = is_input ? in_place(s, output, donor) : plan_.tensors[donor].kind == Kind::kInput;
    TWOFOUR_CHECK(lifetimes_[donor].last <= step && free, kDataCorrupt,
                  "step \"{}\" writes \"{}\" over \"{}\", which is still needed", s.name,
                  name(index(s.outputs[output])), name(donor));
  }

  bool in_place(const PlanStep& step, size_t output, size_t donor) const {
    const backend::Tactic* tactic = backend_.find_tactic(step.tactic);
    if (!tactic) return false;
    const backend::NodeDesc node = describe(plan_, step, sections_);
    for (size_t i = 0; i < step.inputs.size(); ++i)
      if (step.inputs[i] == static_cast<int>(donor) && !tactic->in_place(node, i, output)) return false;
    return true;
  }

  const Plan& plan_;
  const std::span<const Tensor> sections_;
  const backend::Backend& backend_;
  std::vector<Lifetime> lifetimes_;
  std::map<size_t, size_t> alive_;    // arena tensors by offset
  std::map<size_t, size_t> donated_;  // input -> output that has its buffer
};

}  // namespace

void check_memory(const Plan& plan, std::span<const Tensor> sections, const backend::Backend& backend) {
  MemoryCheck(plan, sections, backend).run();
}

}  // namespace twofour::engine
