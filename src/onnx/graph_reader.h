// GraphProto -> Graph: names to values, nodes into order, each adapted to the canonical opset and typed.
#pragma once

#include <cstdint>

#include "ir/graph.h"
#include "onnx/external_data.h"
#include "onnx/function_table.h"
#include "onnx/import.h"

namespace twofour::onnx_io {

/// What reading the graphs of one model shares.
struct ModelReading {
  const ImportOptions& options;
  ExternalData& external;
  const FunctionTable& functions;
  /// Nodes that calls of functions and unrolled loops may still add; passing on a long sequence costs, too.
  int64_t inline_budget = int64_t{1} << 17;
};

/// Takes the constant data out of `proto`. Trainable flags are set by the rule of onnx/trainable.h.
Graph read_graph(onnx::GraphProto& proto, int64_t opset, ModelReading& reading);

}  // namespace twofour::onnx_io
