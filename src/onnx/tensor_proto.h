// Constant data: TensorProto <-> Tensor.
#pragma once

#include <string>

#include "base/tensor.h"
#include "onnx/external_data.h"

namespace onnx {
class TensorProto;
}

namespace twofour::onnx_io {

/// Takes the bytes out of `proto`, so that a model is not held twice; data in another file is mapped. The
/// size is checked against the data that is there before anything is allocated. Throws Error{kDataCorrupt}
/// naming the tensor when dims and data disagree, Error{kUnsupported} for element types that twofour lacks,
/// and what ExternalData throws.
Tensor take_tensor(onnx::TensorProto& proto, ExternalData& external);

/// As raw_data.
void write_tensor(const Tensor& tensor, const std::string& name, onnx::TensorProto& proto);

}  // namespace twofour::onnx_io
