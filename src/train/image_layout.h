// The layout of the images that a model takes. Data and training have [N,C,H,W]; Keras exports [N,H,W,C].
#pragma once

#include "ir/graph.h"

namespace twofour::train {

/// [N,H,W,C]: the last size is 1 or 3, the second is neither.
bool has_channels_last(const Dims& dims);
/// Such dims as [N,C,H,W]; others as they are.
Dims channels_first(const Dims& dims);

/// The one input of a graph becomes [N,C,H,W], with a Transpose in front of what reads it; it stays where it
/// takes images of shape C,H,W as they are, or has another rank.
void take_channels_first(Graph& graph, const Shape& image_shape);

/// Images [N,C,H,W] as an input with these dims takes them.
Tensor as_taken(const Tensor& images, const Dims& dims);

/// Throws Error{kInvalidArgument} unless the input takes f32.
void check_takes_floats(const Value& images);

}  // namespace twofour::train
