#pragma once

#include "base/tensor.h"
#include "ir/attrs.h"

namespace twofour::onnx_io {

/// The data of a Constant, from whichever attribute has it. Throws Error{kDataCorrupt} unless there is one,
/// Error{kUnsupported} for text.
Tensor data_of_constant(const Attrs& attrs);

}  // namespace twofour::onnx_io
