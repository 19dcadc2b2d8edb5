// Top-1 accuracy of a model on a dataset.
#pragma once

#include <functional>

#include "backend/tactic.h"
#include "data/loader.h"
#include "engine/engine.h"
#include "ir/graph.h"

namespace twofour::train {

struct Evaluation {
  int64_t images = 0;
  int64_t correct = 0;
  double time_s = 0;

  double accuracy() const { return images ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
  double images_per_s() const { return time_s > 0 ? static_cast<double>(images) / time_s : 0; }
};
/// Batches done of all batches.
using EvaluateFn = std::function<void(int64_t done, int64_t total)>;

/// Runs one epoch of `loader` from its start through an engine with one image input f32 [batch, ...] and one output
/// [batch, classes]; a smaller last batch is filled up and only its images count. Of equal scores the first wins.
/// Throws Error{kInvalidArgument} when the shapes do not fit.
Evaluation evaluate(engine::ExecutionContext& context, data::Loader& loader, const EvaluateFn& progress = {});

/// The same with an inference engine built for `model` (optimised, not timed).
Evaluation evaluate(const Graph& model, const backend::Backend& backend, data::Loader& loader, int64_t batch_size,
                    const EvaluateFn& progress = {});

}  // namespace twofour::train
