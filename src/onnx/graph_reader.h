// GraphProto -> Graph: names to values, nodes into order, each adapted to the canonical opset and typed.
#pragma once

#include <cstdint>

#include "ir/graph.h"
#include "onnx/function_table.h"
#include "onnx/import.h"
#include "onnx/tensor_store.h"

namespace twofour::onnx_io {

/// What reading the graphs of one model shares.
struct ModelReading {
  const ImportOptions& options;
  int64_t opset;  // of ONNX's own domain
  TensorStore& tensors;
  const FunctionTable& functions;
  /// Nodes that calls of functions and unrolled loops may still add; large attributes and passing on a long
  /// sequence cost, too.
  int64_t inline_budget = int64_t{1} << 17;
};

/// Takes the constant data out of `proto`. Trainable flags are set by the rule of onnx/trainable.h.
Graph read_graph(onnx::GraphProto& proto, ModelReading& reading);

}  // namespace twofour::onnx_io
