#include "engine/engine.h"

#include <algorithm>

#include "base/parallel.h"
#include "engine/file.h"
#include "engine/validate.h"
#include "ops/op_def.h"

namespace twofour::engine {
namespace {

void check_device(const Plan& plan, const backend::Backend& backend) {
  TWOFOUR_CHECK(plan.backend == backend.name() && plan.device == backend.device(), kFailedPrecondition,
                "the engine was built for {} ({}), this is {} ({}); build it again here", plan.backend,
                plan.device, backend.name(), backend.device());
}

std::unique_ptr<backend::Kernel> create_kernel(const Plan& plan, const PlanStep& step,
                                               std::span<const Tensor> sections,
                                               const backend::Backend& backend) {
  const backend::Tactic* tactic = backend.find_tactic(step.tactic);
  TWOFOUR_CHECK(tactic, kFailedPrecondition, "backend {} has no tactic \"{}\"", backend.name(), step.tactic);
  std::vector<Tensor> packed;
  for (const int i : step.packed) packed.push_back(sections[static_cast<size_t>(i)]);
  return tactic->create(describe(plan, step, sections), packed);
}

Engine::Step prepare(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections,
                     const backend::Backend& backend) {
  Engine::Step result;
  const ops::OpDef& op = ops::get_op(step.op);
  TWOFOUR_CHECK((op.control != nullptr) == !step.bodies.empty(), kDataCorrupt, "{} has {} subgraphs", step.op,
                step.bodies.size());
  for (const auto& [attribute, body] : step.bodies)
    result.bodies[attribute] = Engine::create(*body, {sections.begin(), sections.end()}, backend);
  if (!step.is_open()) result.kernel = create_kernel(plan, step, sections, backend);
  else if (!op.control) result.open = std::make_unique<OpenStep>(plan, step, sections, backend);
  return result;
}

std::vector<std::vector<int>> find_ends(const Plan& plan) {
  std::vector<std::vector<int>> ends(plan.steps.size());
  std::vector<size_t> last(plan.tensors.size());
  for (size_t s = 0; s < plan.steps.size(); ++s)
    for (const auto* list : {&plan.steps[s].inputs, &plan.steps[s].outputs})
      for (const int i : *list)
        if (i != -1) last[static_cast<size_t>(i)] = s;
  for (size_t i = 0; i < plan.tensors.size(); ++i)
    if (plan.tensors[i].kind == PlanTensor::Kind::kDynamic) ends[last[i]].push_back(static_cast<int>(i));
  return ends;
}

std::vector<std::vector<TensorUse>> find_uses(const Plan& plan) {
  std::vector<std::vector<TensorUse>> uses(plan.tensors.size());
  const auto owner = [&](int tensor) {
    const PlanTensor& t = plan.tensors[static_cast<size_t>(tensor)];
    return static_cast<size_t>(t.kind == PlanTensor::Kind::kDonated ? t.index : tensor);
  };
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const PlanStep& step = plan.steps[s];
    for (size_t i = 0; i < step.inputs.size(); ++i)
      if (step.inputs[i] != -1) uses[owner(step.inputs[i])].push_back({s, i, false});
    for (size_t i = 0; i < step.outputs.size(); ++i) uses[owner(step.outputs[i])].push_back({s, i, true});
  }
  return uses;
}

}  // namespace

std::shared_ptr<const Engine> Engine::create(Plan plan, std::vector<Tensor> sections,
                                             const backend::Backend& backend) {
  check_device(plan, backend);
  std::shared_ptr<Engine> engine(new Engine);
  engine->backend_ = &backend;
  engine->steps_.resize(plan.steps.size());
  parallel_each(static_cast<int64_t>(plan.steps.size()), [&](int64_t i) {
    const PlanStep& step = plan.steps[static_cast<size_t>(i)];
    with_context([&] { return fmt::format("preparing layer \"{}\" ({})", step.name, step.op); },
                 [&] { engine->steps_[static_cast<size_t>(i)] = prepare(plan, step, sections, backend); });
  });
  for (const Step& step : engine->steps_)
    if (step.kernel) engine->scratch_bytes_ = std::max(engine->scratch_bytes_, step.kernel->scratch_bytes());
  engine->uses_ = find_uses(plan);
  engine->ends_ = find_ends(plan);
  engine->plan_ = std::move(plan);
  engine->sections_ = std::move(sections);
  return engine;
}

std::shared_ptr<const Engine> Engine::load(const std::filesystem::path& path,
                                           const backend::Backend& backend) {
  EngineFile file = read_engine_file(path);
  return with_context([&] { return "loading engine " + path.string(); },
                      [&] {
                        check_device(file.plan, backend);
                        validate(file.plan, file.sections, backend);
                        return create(std::move(file.plan), std::move(file.sections), backend);
                      });
}

void Engine::save(const std::filesystem::path& path) const {
  write_engine_file(path, plan_, sections_, [&](const std::filesystem::path& written) {
    const auto again = with_context([] { return "checking that what was saved can be loaded"; },
                                    [&] { return load(written, *backend_); });
    TWOFOUR_ASSERT(plan_to_json(again->plan_) == plan_to_json(plan_), "the saved plan is another one");
  });
}

size_t Engine::file_bytes() const { return engine_file_bytes(plan_, sections_); }

std::unique_ptr<ExecutionContext> Engine::create_context() const {
  return std::make_unique<ExecutionContext>(shared_from_this());
}

}  // namespace twofour::engine
