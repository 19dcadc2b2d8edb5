#include <algorithm>
#include <chrono>

#include "engine/engine.h"
#include "engine/symbols.h"
#include "ops/op_def.h"

namespace twofour::engine {
namespace {

using Kind = PlanTensor::Kind;

bool is_io(Kind kind) { return kind == Kind::kInput || kind == Kind::kOutput; }

// Of memory that outlives the view.
Tensor borrow(const TensorDesc& desc, std::byte* data) {
  return {desc.dtype, desc.shape, std::shared_ptr<std::byte>(std::shared_ptr<void>(), data)};
}

bool fits(const PlanTensor& t, const Tensor& data) {
  return data.defined() && data.dtype() == t.desc.dtype && t.takes(data.shape());
}

}  // namespace

ExecutionContext::ExecutionContext(std::shared_ptr<const Engine> engine) : engine_(std::move(engine)) {
  const Plan& plan = engine_->plan();
  arena_ = allocate_aligned(plan.arena_bytes);
  scratch(engine_->scratch_bytes());
  bound_.resize(plan.tensors.size());
  bodies_.resize(plan.steps.size());
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
    if (is_io(t.kind) && !t.is_open()) store(number, Tensor(t.desc.dtype, t.desc.shape));
  }
}

void ExecutionContext::set_pointer(int tensor, std::byte* pointer) {
  for (const TensorUse& use : engine_->uses(tensor)) {
    if (use.output) destinations_[use.step][use.slot] = pointer;
    else sources_[use.step][use.slot] = pointer;
  }
}

void ExecutionContext::store(int tensor, Tensor data) {
  Tensor& bound = bound_[static_cast<size_t>(tensor)];
  bound = std::move(data);
  set_pointer(tensor, bound.raw());
}

std::byte* ExecutionContext::scratch(size_t bytes) {
  if (bytes > scratch_bytes_ || !scratch_) {
    scratch_ = allocate_aligned(bytes);
    scratch_bytes_ = bytes;
  }
  return scratch_.get();
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

void ExecutionContext::bind_number(int tensor, Tensor data) {
  const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(tensor)];
  TWOFOUR_CHECK(t.kind != Kind::kDonated, kInvalidArgument, "output \"{}\" lives in the buffer of an input",
                t.name);
  TWOFOUR_CHECK(t.kind == Kind::kInput || !t.is_open(), kInvalidArgument,
                "the size of output \"{}\" is known only after a run; read it then", t.name);
  TWOFOUR_CHECK(fits(t, data), kInvalidArgument, "\"{}\" is {}, got {}", t.name, t.to_string(),
                type_of(data).to_string());
  store(tensor, std::move(data));
}

void ExecutionContext::bind(std::string_view name, Tensor tensor) {
  bind_number(find_io(name), std::move(tensor));
}

const Tensor& ExecutionContext::tensor(std::string_view name) const {
  const int number = find_io(name);
  const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(number)];
  const Tensor& data = bound_[static_cast<size_t>(t.kind == Kind::kDonated ? t.index : number)];
  TWOFOUR_CHECK(data.defined(), kFailedPrecondition, "\"{}\" is {} and has no tensor yet: {}", name,
                t.to_string(), t.kind == Kind::kInput ? "bind one" : "run first");
  return data;
}

void ExecutionContext::check_inputs() const {
  SymbolSizes sizes;
  for (const int i : engine_->plan().inputs) {
    const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(i)];
    const Tensor& bound = bound_[static_cast<size_t>(i)];
    TWOFOUR_CHECK(bound.defined(), kFailedPrecondition, "input \"{}\" is {} and has no tensor: bind one",
                  t.name, t.to_string());
    add_symbols(sizes, t, bound.shape());
  }
}

template <typename After>
void ExecutionContext::run_steps(const After& after) {
  check_inputs();
  for (size_t s = 0; s < sources_.size(); ++s) {
    const PlanStep& step = engine_->plan().steps[s];
    with_context([&] { return fmt::format("running layer \"{}\" ({})", step.name, step.op); },
                 [&] {
                   const auto& kernel = engine_->steps()[s].kernel;
                   if (kernel) kernel->run({sources_[s], destinations_[s], scratch_.get()});
                   else run_open(s);
                 });
    for (const int i : engine_->ends_at(s)) bound_[static_cast<size_t>(i)] = Tensor();
    after(s);
  }
}

void ExecutionContext::run() {
  run_steps([](size_t) {});
}

void ExecutionContext::run_profiled(std::span<double> step_time_us) {
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  run_steps([&](size_t step) {
    const auto now = Clock::now();
    step_time_us[step] += std::chrono::duration<double, std::micro>(now - last).count();
    last = now;
  });
}

void ExecutionContext::run_observed(const Observer& observe) {
  run_steps([&](size_t step) {
    std::vector<Tensor> outputs;
    for (const int i : engine_->plan().steps[step].outputs) outputs.push_back(view(i));
    observe(step, outputs);
  });
}

Tensor ExecutionContext::view(int tensor) const {
  if (tensor == -1) return {};
  const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(tensor)];
  if (t.kind == Kind::kArena) return borrow(t.desc, arena_.get() + t.offset);
  if (t.kind == Kind::kConstant) return engine_->sections()[static_cast<size_t>(t.index)];
  return bound_[static_cast<size_t>(t.kind == Kind::kDonated ? t.index : tensor)];
}

void ExecutionContext::run_open(size_t step) {
  const PlanStep& plan = engine_->plan().steps[step];
  std::vector<Tensor> inputs;
  for (const int i : plan.inputs) inputs.push_back(view(i));
  std::vector<Tensor> results =
      engine_->steps()[step].open ? run_kernel(step, inputs) : run_control(step, inputs);
  for (size_t i = 0; i < results.size(); ++i) {
    const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(plan.outputs[i])];
    const Tensor& bound = bound_[static_cast<size_t>(plan.outputs[i])];
    TWOFOUR_CHECK(fits(t, results[i]), kInvalidArgument, "\"{}\" is {}, the run gave {}", t.name,
                  t.to_string(), type_of(results[i]).to_string());
    if (t.kind == Kind::kDynamic || t.is_open()) store(plan.outputs[i], std::move(results[i]));
    else if (bound.raw() != results[i].raw()) std::copy_n(results[i].raw(), bound.size_bytes(), bound.raw());
  }
}

std::vector<Tensor> ExecutionContext::run_kernel(size_t step, std::span<const Tensor> inputs) {
  const PlanStep& plan = engine_->plan().steps[step];
  const auto variant = engine_->steps()[step].open->variant(inputs);
  std::vector<const std::byte*> sources;
  for (const Tensor& input : inputs) sources.push_back(input.defined() ? input.raw() : nullptr);
  std::vector<Tensor> results;
  std::vector<std::byte*> destinations;
  for (size_t i = 0; i < variant->outputs.size(); ++i) {
    const ValueType& type = variant->outputs[i];
    const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(plan.outputs[i])];
    const bool in_place = t.kind == Kind::kOutput && !t.is_open() && t.type() == type;
    results.push_back(in_place ? bound_[static_cast<size_t>(plan.outputs[i])]
                               : pool_.tensor(type.dtype, type.shape()));
    destinations.push_back(results.back().raw());
  }
  variant->kernel->run({sources, destinations, scratch(variant->kernel->scratch_bytes())});
  return results;
}

std::vector<Tensor> ExecutionContext::run_control(size_t step, std::span<const Tensor> inputs) {
  const PlanStep& plan = engine_->plan().steps[step];
  std::vector<ValueType> types;
  for (const int i : plan.outputs) types.push_back(engine_->plan().tensors[static_cast<size_t>(i)].type());
  const ops::RunSubgraph run = [&](std::string_view attribute, std::span<const Tensor> args) {
    return run_body(step, attribute, args);
  };
  std::vector<Tensor> results = ops::get_op(plan.op).control({plan.attrs, inputs, types, run});
  // A loop that never ran hands on what it was given, which may not live as long.
  for (Tensor& result : results)
    if (std::ranges::any_of(inputs, [&](const Tensor& t) { return t.defined() && t.raw() == result.raw(); }))
      result = result.clone();
  return results;
}

std::vector<Tensor> ExecutionContext::run_body(size_t step, std::string_view attribute,
                                               std::span<const Tensor> inputs) {
  const auto& bodies = engine_->steps()[step].bodies;
  const auto body = bodies.find(attribute);
  TWOFOUR_CHECK(body != bodies.end(), kDataCorrupt, "subgraph {} is missing", attribute);
  auto& context = bodies_[step][std::string(attribute)];
  if (!context) context = body->second->create_context();
  const Plan& plan = body->second->plan();
  TWOFOUR_CHECK(plan.inputs.size() == inputs.size(), kInvalidArgument,
                "subgraph {} has {} inputs, it is given {}", attribute, plan.inputs.size(), inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) context->bind_number(plan.inputs[i], inputs[i]);
  context->run();
  std::vector<Tensor> results;
  for (const int output : plan.outputs) results.push_back(context->take_output(output));
  return results;
}

// The next run must not write into what the caller keeps.
Tensor ExecutionContext::take_output(int tensor) {
  const PlanTensor& t = engine_->plan().tensors[static_cast<size_t>(tensor)];
  Tensor result = view(tensor);
  if (!t.is_open()) store(tensor, pool_.tensor(t.desc.dtype, t.desc.shape));
  return result;
}

}  // namespace twofour::engine
