// Node attributes: AttributeProto <-> Attr.
#pragma once

#include <string>

#include "ir/attrs.h"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace twofour::onnx_io {

class ExternalData;

/// All attributes of a node but its subgraphs (onnx/subgraph_reader.h). Throws Error{kDataCorrupt} on two of
/// one name, Error{kUnsupported} on kinds that Attr lacks (sparse tensors, types).
Attrs take_attrs(onnx::NodeProto& node, ExternalData& external);

void write_attr(const std::string& name, const Attr& value, onnx::AttributeProto& proto);

}  // namespace twofour::onnx_io
