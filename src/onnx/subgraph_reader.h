// The subgraphs of If, Loop and Scan, on their way from a NodeProto into a node (ops/control_flow.h has their
// form there).
#pragma once

#include <functional>
#include <span>

#include "onnx/opset_adapters.h"

namespace onnx {
class GraphProto;
class NodeProto;
}  // namespace onnx

namespace twofour::onnx_io {

/// Reads a subgraph whose formal inputs have these types; its other inputs are the node's captures.
using ReadSubgraph = std::function<Graph(const onnx::GraphProto& proto, std::span<const ValueType> formal)>;

bool has_subgraphs(const onnx::NodeProto& node);

/// Adds `captures` to the draft's inputs and the subgraphs to its attributes. An If whose condition is known
/// becomes the nodes of the branch that is taken. Throws Error{kUnsupported} for other operators.
void read_subgraphs(const onnx::NodeProto& node, const std::vector<Value*>& captures,
                    const ReadSubgraph& read, Draft& draft);

}  // namespace twofour::onnx_io
