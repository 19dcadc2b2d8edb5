#pragma once

#include "ir/graph.h"

namespace twofour::train {

/// What was exported in training form becomes the form for inference, which is evaluated, saved, and what a
/// training step starts from: BatchNormTrain becomes BatchNormalization, Dropout the identity (both are
/// logged). Throws Error{kUnsupported} naming the node when its mask or its new running statistics are read.
void to_inference_form(Graph& graph);

}  // namespace twofour::train
