// Names that subgraphs read from the graphs around them.
#pragma once

#include <string>
#include <vector>

namespace onnx {
class GraphProto;
class NodeProto;
}  // namespace onnx

namespace twofour::onnx_io {

/// What `graph` and the subgraphs in it read, but do not define; in order of first use, each once.
std::vector<std::string> captured_names(const onnx::GraphProto& graph);
/// The same for all subgraphs of a node together.
std::vector<std::string> captured_names(const onnx::NodeProto& node);

}  // namespace twofour::onnx_io
