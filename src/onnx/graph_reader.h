// GraphProto -> Graph: names to values, nodes into order, each adapted to the canonical opset and typed.
#pragma once

#include <cstdint>

#include "ir/graph.h"
#include "onnx/external_data.h"
#include "onnx/import.h"

namespace onnx {
class GraphProto;
}

namespace twofour::onnx_io {

/// Takes the constant data out of `proto`. Trainable flags are set by the rule of onnx/trainable.h.
Graph read_graph(onnx::GraphProto& proto, int64_t opset, const ImportOptions& options,
                 ExternalData& external);

}  // namespace twofour::onnx_io
