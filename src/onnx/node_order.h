// The nodes of a GraphProto in an order in which they can be computed, and what each output is used for.
#pragma once

#include <string>
#include <vector>

namespace onnx {
class GraphProto;
}

namespace twofour::onnx_io {

struct OrderedNode {
  int index;         // in the file
  std::string name;  // the file's, made unique; "<op>_<number>" when the file has none
  size_t num_used;   // outputs up to the last one that something reads
};

/// `outer`: names that the graphs around this one define. Throws Error{kDataCorrupt} for names that are
/// defined twice or not at all, Error{kInvalidArgument} naming a node of the cycle when there is one.
std::vector<OrderedNode> order_nodes(const onnx::GraphProto& graph, const std::vector<std::string>& outer);

}  // namespace twofour::onnx_io
