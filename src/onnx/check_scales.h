// What the scales of a graph that was read are good for.
#pragma once

#include "ir/graph.h"

namespace twofour::onnx_io {

/// QuantizeLinear by a constant scale that is 0, negative or infinite is warned of, unless what it quantises
/// is a constant, too; by NaN it throws Error{kInvalidArgument}. DequantizeLinear takes any scale.
void check_scales(const Graph& graph);

}  // namespace twofour::onnx_io
