// Graph -> the bytes of an ONNX file: opset 17, or the lowest later one that has every operator, IR version
// 8, weights inside as raw data.
//
// Kept: names of values and nodes, symbolic dims, metadata (as metadata_props and the doc strings), and the
// types of all values as value_info. import_model gives an equal graph back (hash_graph, names and metadata).
//
// Throws Error{kUnsupported} naming the node for operators that are twofour's own (a fused graph: export the
// one before fusion) and for models above 2 GB, and whatever verify() and type inference find wrong with the
// graph.
#pragma once

#include <string>

#include "ir/graph.h"

namespace twofour::onnx_io {

/// producer_name of the files written here.
constexpr const char* kProducer = "twofour";

std::string export_model_bytes(const Graph& graph);

}  // namespace twofour::onnx_io
