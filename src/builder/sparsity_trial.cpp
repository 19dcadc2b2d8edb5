#include "builder/sparsity_trial.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "builder/race.h"

namespace twofour::builder {
namespace {

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
  return [dense_run, &dense, &backend, &options](const Built& sparse) mutable -> SparsityTrial {
    check_memory(std::array{&dense.report, &sparse.report});
    if (!dense_run) dense_run = std::make_shared<Competitor>(dense, backend);
    Competitor sparse_run(sparse, backend);
    const std::vector<Standing> standings = race(std::array{dense_run.get(), &sparse_run}, options);
    return {.sparse_us = standings[1].us,
            .dense_us = standings[0].us,
            .speedup = standings[1].speedup,
            .won = standings[1].won};
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
