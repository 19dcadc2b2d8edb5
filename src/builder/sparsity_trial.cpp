#include "builder/sparsity_trial.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/cpu.h"
#include "base/error.h"
#include "engine/random_inputs.h"

namespace twofour::builder {
namespace {

using Clock = std::chrono::steady_clock;
using engine::Engine;
using engine::ExecutionContext;

constexpr size_t kLeastRounds = 7;
constexpr size_t kMostRounds = 2000;
constexpr uint64_t kSeed = 24;

double budget_us(const TuningOptions& tuning) {
  constexpr std::array<double, 5> kLevels = {0.1e6, 0.3e6, 1e6, 3e6, 10e6};
  return kLevels[static_cast<size_t>(std::clamp(tuning.level, 1, 5) - 1)];
}

std::shared_ptr<const Engine> engine_of(const Built& built, const backend::Backend& backend) {
  return Engine::create(built.plan, built.sections, backend);
}

class Competitor {
 public:
  explicit Competitor(const std::shared_ptr<const Engine>& engine) : context_(engine->create_context()) {
    for (auto& [name, tensor] : engine::random_inputs(*engine, {}, kSeed)) context_->bind(name, tensor);
  }
  double run_us() {
    const auto start = Clock::now();
    context_->run();
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  }

 private:
  std::unique_ptr<ExecutionContext> context_;
};

enum class Outcome : uint8_t { kWins, kLoses, kOpen };

/// `ratio`: sparse / dense.
Outcome outcome_of(const Ratio& ratio, double noise_fraction) {
  if (ratio.median + ratio.noise < 1 - noise_fraction) return Outcome::kWins;
  if (ratio.median - ratio.noise > 1) return Outcome::kLoses;
  return Outcome::kOpen;
}

/// Runs both in turn until one has clearly won or the budget is spent.
SparsityTrial race(Competitor& sparse, Competitor& dense, const Options& options) {
  Rounds rounds(2);
  for (Competitor* c : {&sparse, &dense}) c->run_us();  // first touch
  const auto start = Clock::now();
  const double budget = budget_us(options.tuning);
  Ratio ratio;
  for (size_t round = 0; round < kMostRounds; ++round) {
    // The order alternates, so that neither always runs in the other's wake.
    const bool swap = round % 2;
    if (swap) rounds[1].push_back(dense.run_us());
    rounds[0].push_back(sparse.run_us());
    if (!swap) rounds[1].push_back(dense.run_us());
    if (round + 1 < kLeastRounds) continue;
    ratio = ratio_of(rounds[0], rounds[1]);
    const double spent = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    if (outcome_of(ratio, options.noise_fraction) != Outcome::kOpen || spent > budget) break;
  }
  const std::vector<double> us = lower_quartiles(rounds);
  return {.sparse_us = us[0],
          .dense_us = us[1],
          .speedup = 1 / ratio.median,
          .won = outcome_of(ratio, options.noise_fraction) == Outcome::kWins};
}

size_t bytes_of(const BuildReport& report) { return report.weights_bytes + report.arena_bytes; }

/// Sparse layers, those that gain least first.
std::vector<std::string> by_gain(const BuildReport& report) {
  std::vector<const LayerChoice*> layers;
  for (const LayerChoice& layer : report.layers)
    if (layer.sparse) layers.push_back(&layer);
  std::ranges::stable_sort(
      layers, {}, [](const LayerChoice* layer) { return layer->best_us(false) - layer->best_us(true); });
  std::vector<std::string> names;
  for (const LayerChoice* layer : layers) names.push_back(layer->layer);
  return names;
}

std::set<std::string> first_names(const std::vector<std::string>& names, size_t count) {
  return {names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count)};
}

Built with(Built built, SparsityTrial trial) {
  built.report.trial = std::move(trial);
  return built;
}

/// `layers`: the sparse ones, those that gain least first.
Built settle(const BuildWithDense& build, const RaceAgainst& against, Built sparse,
             const std::vector<std::string>& layers) {
  Built dense = build(first_names(layers, layers.size()));
  const Race race = against(dense);
  const SparsityTrial first = race(sparse);
  SparsityTrial trial = first;
  size_t returned = 0;
  while (!trial.won) {
    returned += (layers.size() - returned + 1) / 2;
    if (returned == layers.size()) break;
    sparse = build(first_names(layers, returned));
    trial = race(sparse);
  }
  SparsityTrial result = trial.won ? trial : first;
  result.layers_returned = {layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(returned)};
  return with(std::move(trial.won ? sparse : dense), std::move(result));
}

}  // namespace

Race race_against(const Built& dense, const backend::Backend& backend, const Options& options) {
  // Made by the first race, after the memory that both need is checked.
  std::shared_ptr<Competitor> dense_run;
  return [dense_run, &dense, &backend, &options](const Built& sparse) mutable {
    const size_t bytes = bytes_of(sparse.report) + bytes_of(dense.report);
    TWOFOUR_CHECK(bytes <= memory_bytes() / 2, kResourceExhausted, "two engines would take {} MiB",
                  bytes >> 20);
    if (!dense_run) dense_run = std::make_shared<Competitor>(engine_of(dense, backend));
    Competitor sparse_run(engine_of(sparse, backend));
    return race(sparse_run, *dense_run, options);
  };
}

Built settle_sparse_layers(const BuildWithDense& build, const RaceAgainst& against) {
  Built sparse = build({});
  const std::vector<std::string> layers = by_gain(sparse.report);
  if (layers.empty()) return sparse;
  try {
    return settle(build, against, sparse, layers);
  } catch (const Error& error) {
    SparsityTrial trial;
    trial.skipped = error.what();
    return with(std::move(sparse), std::move(trial));
  }
}

}  // namespace twofour::builder
