// How a canonical node is written in a file: in which opset, and with which attributes.
#pragma once

#include "ir/graph.h"

namespace twofour::onnx_io {

/// The lowest opset, from 17 on, that has every node of the graph in the form that twofour uses.
int64_t export_opset(const Graph& graph);
/// The node's attributes as that opset writes them. Throws Error{kUnsupported} on what ONNX lacks.
Attrs export_attrs(const Node& node, int64_t opset);

}  // namespace twofour::onnx_io
