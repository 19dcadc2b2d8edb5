// Files with one tensor, sequence or optional: the inputs and outputs of ONNX's backend tests.
#pragma once

#include <filesystem>
#include <vector>

#include "base/tensor.h"
#include "onnx/outline.h"

namespace twofour::onnx_io {

/// The tensors of a file that holds a TensorProto, SequenceProto or OptionalProto: one, the elements, or
/// none. Throws Error{kNotFound, kIo} for the file, kDataCorrupt when it holds something else, kUnsupported
/// for element types that twofour lacks; naming the file.
std::vector<Tensor> load_tensors(const std::filesystem::path& path, Outline::Kind kind);

}  // namespace twofour::onnx_io
