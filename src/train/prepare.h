// Turns an inference graph (imported or from the zoo) into the forward part of a training graph.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace twofour::train {

/// `graph` has static shapes and one output, the scores. Values are owned by `graph`.
struct TrainingForward {
  Graph graph;
  Value* images = nullptr;  // input, [batch, image_shape...]
  Value* scores = nullptr;  // f32 [batch, classes], before any softmax

  /// f32 constants that training may change, in the order of the model. promote_to_input() makes them inputs.
  std::vector<Value*> parameters;
  struct Statistic {
    Value* current;  // input, named as the model's constant
    Value* next;     // output of the BatchNormTrain
  };
  std::vector<Statistic> statistics;
};

/// Images [N,H,W,C] are taken as [N,C,H,W] (train/image_layout.h). BatchNormalization becomes BatchNormTrain,
/// with the Relu that is its only user fused into it; its running statistics become inputs; one whose scale
/// and bias are both frozen stays as it is. Dropout becomes the identity and a trailing Softmax is removed
/// (both are logged). Throws Error{kInvalidArgument} when the model does not have one image input of that
/// shape, in f32, and one output [N, classes], or normalises over one value per channel; kUnsupported when it
/// has nothing to train or trainable weights that are not f32 (cast them first: masters are f32).
TrainingForward prepare_training(const Graph& model, int64_t batch_size, const Shape& image_shape);

/// Gives every BatchNormalization constants of its own: exporters merge those of equal value, and training
/// makes them differ.
void unshare_norms(Graph& model);

/// A half-precision constant that only a Cast to f32 reads is stored as f32: masters are.
void widen_weights(Graph& model);

/// A graph input of the same name and type takes the place of `constant`.
Value* promote_to_input(Graph& graph, Value* constant);

}  // namespace twofour::train
