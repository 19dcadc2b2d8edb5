// Operators that change between small element types (small_type.h) and others.
#pragma once

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

/// QuantizeLinear, DequantizeLinear, Cast and CastLike from and to small types; does nothing to other nodes.
/// Throws Error{kUnsupported} where the result would be e8m0.
void adapt_small_types(Draft& draft);

}  // namespace twofour::onnx_io
