#pragma once

namespace onnx {
class GraphProto;
}

namespace twofour::onnx_io {

/// Turns the sparse initializers of a graph and its subgraphs into ordinary ones. Throws Error{kDataCorrupt}
/// naming the initializer when its parts contradict each other, Error{kResourceExhausted} when it would be
/// larger than 1 GiB.
void densify(onnx::GraphProto& graph);

}  // namespace twofour::onnx_io
