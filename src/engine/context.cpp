#include <chrono>

#include "engine/engine.h"

namespace twofour::engine {
namespace {

using Kind = PlanTensor::Kind;

bool is_io(Kind kind) { return kind == Kind::kInput || kind == Kind::kOutput; }

}  // namespace

ExecutionContext::ExecutionContext(std::shared_ptr<const Engine> engine) : engine_(std::move(engine)) {
  const Plan& plan = engine_->plan();
  arena_ = allocate_aligned(plan.arena_bytes);
  scratch_ = allocate_aligned(engine_->scratch_bytes());
  bound_.resize(plan.tensors.size());
  for (const PlanStep& step : plan.steps) {
    sources_.emplace_back(step.inputs.size(), nullptr);
    destinations_.emplace_back(step.outputs.size(), nullptr);
  }
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlanTensor& t = plan.tensors[i];
    const int number = static_cast<int>(i);
    if (t.kind == Kind::kArena) set_pointer(number, arena_.get() + t.offset);
    if (t.kind == Kind::kConstant && t.index != -1)
      set_pointer(number, engine_->sections()[static_cast<size_t>(t.index)].raw());
    if (is_io(t.kind)) {
      bound_[i] = Tensor(t.desc.dtype, t.desc.shape);
      set_pointer(number, bound_[i].raw());
    }
  }
}

void ExecutionContext::set_pointer(int tensor, std::byte* pointer) {
  for (const TensorUse& use : engine_->uses(tensor)) {
    if (use.output) destinations_[use.step][use.slot] = pointer;
    else sources_[use.step][use.slot] = pointer;
  }
}

int ExecutionContext::find_io(std::string_view name) const {
  const Plan& plan = engine_->plan();
  for (const auto* list : {&plan.inputs, &plan.outputs})
    for (const int i : *list)
      if (plan.tensors[static_cast<size_t>(i)].name == name) return i;
  std::vector<std::string> names;
  for (const auto* list : {&plan.inputs, &plan.outputs})
    for (const int i : *list) names.push_back(plan.tensors[static_cast<size_t>(i)].name);
  fail(ErrorCode::kNotFound, "the engine has no input or output \"{}\"; it has: {}", name,
       fmt::join(names, ", "));
}

void ExecutionContext::bind(std::string_view name, Tensor tensor) {
  const int number = find_io(name);
  const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(number)];
  TWOFOUR_CHECK(t.kind != Kind::kDonated, kInvalidArgument, "output \"{}\" lives in the buffer of an input",
                name);
  TWOFOUR_CHECK(tensor.defined() && tensor.dtype() == t.desc.dtype && tensor.shape() == t.desc.shape,
                kInvalidArgument, "\"{}\" is {}, got {}[{}]", name, t.desc.to_string(),
                dtype_name(tensor.dtype()), fmt::join(tensor.shape().dims(), ","));
  bound_[static_cast<size_t>(number)] = std::move(tensor);
  set_pointer(number, bound_[static_cast<size_t>(number)].raw());
}

const Tensor& ExecutionContext::tensor(std::string_view name) const {
  const int number = find_io(name);
  const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(number)];
  return bound_[static_cast<size_t>(t.kind == Kind::kDonated ? t.index : number)];
}

void ExecutionContext::run() {
  for (size_t s = 0; s < sources_.size(); ++s)
    engine_->kernel(s).run({sources_[s], destinations_[s], scratch_.get()});
}

void ExecutionContext::run_profiled(std::span<double> step_time_us) {
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  for (size_t s = 0; s < sources_.size(); ++s) {
    engine_->kernel(s).run({sources_[s], destinations_[s], scratch_.get()});
    const auto now = Clock::now();
    step_time_us[s] += std::chrono::duration<double, std::micro>(now - last).count();
    last = now;
  }
}

}  // namespace twofour::engine
