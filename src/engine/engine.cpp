#include "engine/engine.h"

#include <algorithm>

#include "base/parallel.h"
#include "engine/file.h"
#include "engine/validate.h"

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

}  // namespace

std::shared_ptr<const Engine> Engine::create(Plan plan, std::vector<Tensor> sections,
                                             const backend::Backend& backend) {
  check_device(plan, backend);
  std::shared_ptr<Engine> engine(new Engine);
  engine->kernels_.resize(plan.steps.size());
  parallel_each(static_cast<int64_t>(plan.steps.size()), [&](int64_t i) {
    const PlanStep& step = plan.steps[static_cast<size_t>(i)];
    with_context(
        [&] { return fmt::format("preparing layer \"{}\" ({})", step.name, step.op); },
        [&] { engine->kernels_[static_cast<size_t>(i)] = create_kernel(plan, step, sections, backend); });
  });
  for (const auto& kernel : engine->kernels_)
    engine->scratch_bytes_ = std::max(engine->scratch_bytes_, kernel->scratch_bytes());
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

void Engine::save(const std::filesystem::path& path) const { write_engine_file(path, plan_, sections_); }

std::unique_ptr<ExecutionContext> Engine::create_context() const {
  return std::make_unique<ExecutionContext>(shared_from_this());
}

}  // namespace twofour::engine
