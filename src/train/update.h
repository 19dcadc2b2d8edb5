// The optimiser part of a training step, in the one order that is right: unscale and look for non-finite
// values -> clip -> mask -> weight decay -> momentum -> step -> adapt the loss scale. Everything is f32.
#pragma once

#include <vector>

#include "ops/builder.h"
#include "train/optimizer.h"

namespace twofour::train {

struct ParameterUpdate {
  Value* parameter;                 // f32 input
  Value* gradient;                  // f32, times the loss scale
  Value* momentum;                  // f32 input
  Value* mask = nullptr;            // bool input
  Value* next_parameter = nullptr;  // set by append_update, as what follows
  Value* next_momentum = nullptr;
  Value* nonfinite =
      nullptr;  // f32 scalar, 1 when this gradient has an infinity or NaN; null without scaling
};

/// f32 scalars except tracker (i32). Null without loss scaling; tracker and next_* also with a static scale.
struct ScaleUpdate {
  Value* scale = nullptr;
  Value* tracker = nullptr;
  Value* next_scale = nullptr;
  Value* next_tracker = nullptr;
  Value* nonfinite = nullptr;  // 1: the step is skipped
};

struct UpdateOptions {
  SgdOptions sgd;
  LossScaling scaling;
  double clip_norm = 0;  // global L2 norm of the unscaled gradients; 0: no clipping
};

/// Appends the nodes and fills in the results. `lr` is an f32 scalar.
void append_update(Graph& graph, std::vector<ParameterUpdate>& parameters, ScaleUpdate& scale, Value* lr,
                   const UpdateOptions& options);

/// `next` after a step that counts, `current` after one that is skipped.
Value* unless_skipped(Graph& graph, Value* next, Value* current, const ScaleUpdate& scale);

}  // namespace twofour::train
