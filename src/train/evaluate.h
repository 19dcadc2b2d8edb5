// Top-1 accuracy of a model on a dataset.
#pragma once

#include <functional>

#include "backend/tactic.h"
#include "data/loader.h"
#include "engine/engine.h"
#include "ir/graph.h"
#include "twofour/train_options.h"

namespace twofour::train {

/// Batches done of all batches.
using EvaluateFn = std::function<void(int64_t done, int64_t total)>;

/// Runs one epoch of `loader` from its start through an engine with one image input f32 [batch, ...] and one
/// output [batch, classes]; a smaller last batch is filled up and only its images count. Of equal scores the
/// first wins; a row with a NaN is wrong, with a warning. Throws Error{kInvalidArgument} when the shapes do
/// not fit or the data has more classes, and Error{kDataCorrupt} when no image decodes,
/// Error{kFailedPrecondition} when every row has a NaN.
Evaluation evaluate(engine::ExecutionContext& context, data::Loader& loader, const EvaluateFn& progress = {});

/// Throws what evaluate() would throw about shapes and classes.
void check_evaluation(const engine::Engine& engine, const data::Loader& loader);

/// An inference engine for `model` (optimised, not timed), in the form for inference and with batches of
/// `batch_size`; checked.
std::shared_ptr<const engine::Engine> build_evaluation(const Graph& model, const backend::Backend& backend,
                                                       const data::Loader& loader, int64_t batch_size);

/// The same with such an engine.
Evaluation evaluate(const Graph& model, const backend::Backend& backend, data::Loader& loader,
                    int64_t batch_size, const EvaluateFn& progress = {});

}  // namespace twofour::train
