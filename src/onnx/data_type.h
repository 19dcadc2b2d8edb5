// Element types: TensorProto.DataType (an int32 in the file) <-> DType.
#pragma once

#include <cstdint>
#include <string>

#include "twofour/dtype.h"

namespace twofour::onnx_io {

/// Throws Error{kUnsupported} for strings, complex and 8-bit floats, Error{kDataCorrupt} for numbers ONNX
/// does not know.
DType dtype_from_onnx(int32_t data_type);
int32_t dtype_to_onnx(DType dtype);

}  // namespace twofour::onnx_io
