#include "cli/demo_engines.h"

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/timing.h"

namespace twofour::cli {
namespace {

BuiltEngine build(const Model& model, Sparsity sparsity, int64_t batch, const TuningOptions& tuning,
                  ProgressBar& bar) {
  BuildOptions options;
  for (auto [name, shape] : model.default_shapes()) {
    shape[0] = batch;
    options.shapes[name] = shape;
  }
  options.sparsity = sparsity;
  options.tuning = tuning;
  options.progress = [&bar](size_t done, size_t total) {
    bar.update(static_cast<int64_t>(done), static_cast<int64_t>(total));
  };
  return build_engine(model, options);
}

}  // namespace

EngineResult compare_networks(const Model& dense, const Model& sparse, int64_t batch,
                              const TuningOptions& tuning, double seconds) {
  ProgressBar bar(fmt::format("{}, batch {}", dense.name(), batch));
  // The sparse one first: the dense one then finds the same times, so that both make the same choices.
  const BuiltEngine sparse_engine = build(sparse, Sparsity::kEnable, batch, tuning, bar);
  const BuiltEngine dense_engine = build(dense, Sparsity::kDisable, batch, tuning, bar);
  EngineResult result{dense.name(), batch, 0, 0, 1, sparse_engine.report};
  const bool same = sparse_engine.report.sparse_layers().empty();
  const Comparison times =
      compare_engines(dense_engine.engine, same ? dense_engine.engine : sparse_engine.engine, seconds);
  result.dense_ms = times.a_ms;
  result.sparse_ms = same ? times.a_ms : times.b_ms;
  if (!same) result.speedup = times.ratio;
  bar.finish(fmt::format("{}, batch {}: dense {:.3f} ms, 2:4 {:.3f} ms, {:.2f}x", dense.name(), batch,
                         result.dense_ms, result.sparse_ms, result.speedup));
  return result;
}

}  // namespace twofour::cli
