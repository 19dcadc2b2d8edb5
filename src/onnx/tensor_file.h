// A file with one TensorProto: the inputs and outputs of ONNX's backend tests.
#pragma once

#include <filesystem>

#include "base/tensor.h"

namespace twofour::onnx_io {

/// Throws Error{kNotFound, kIo} for the file, kDataCorrupt when it holds no TensorProto, kUnsupported for
/// element types that twofour lacks; naming the file.
Tensor load_tensor(const std::filesystem::path& path);

}  // namespace twofour::onnx_io
