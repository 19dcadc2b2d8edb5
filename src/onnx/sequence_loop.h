// Loops that carry sequences, as the nodes of all their iterations.
#pragma once

#include "onnx/subgraph_reader.h"

namespace twofour::onnx_io {

/// A Loop. Throws Error{kUnsupported} when the number of iterations depends on what is not known.
Entities unroll_loop(const ControlNode& node, onnx::GraphProto& body, Draft& draft);
/// A SequenceMap.
Entities unroll_map(const ControlNode& node, onnx::GraphProto& body, Draft& draft);

}  // namespace twofour::onnx_io
