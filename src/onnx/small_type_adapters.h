// Operators that change between small element types (small_type.h) and others.
#pragma once

#include "onnx/opset_adapters.h"

namespace onnx {
class GraphProto;
}

namespace twofour::onnx_io {

/// Where only the type of another value says that the result of a QuantizeLinear or CastLike has a small
/// type, an attribute says so afterwards. Subgraphs, too.
void name_small_results(onnx::GraphProto& graph);

/// QuantizeLinear, DequantizeLinear and Cast from and to small types; does nothing to other nodes. Throws
/// Error{kUnsupported} where the result would be e8m0.
void adapt_small_types(Draft& draft);

}  // namespace twofour::onnx_io
