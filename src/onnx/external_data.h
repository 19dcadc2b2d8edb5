// Tensors whose data lies in files beside the model (ONNX external data).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/tensor.h"

namespace onnx {
class TensorProto;
}

namespace twofour::onnx_io {

/// Maps each file once. Only files in the model's folder or below are read, wherever links lead.
class ExternalData {
 public:
  /// Without a folder there is nothing to read.
  explicit ExternalData(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// A read-only view of the mapping, which it keeps alive; a copy where the data is not aligned. Throws
  /// Error{kDataCorrupt} when location, offset or length are wrong, Error{kInvalidArgument} when the location
  /// leaves the folder, Error{kNotFound, kIo} naming the file.
  Tensor read(const onnx::TensorProto& proto, DType dtype, const Shape& shape);

 private:
  std::shared_ptr<const MappedFile> open(const std::string& location);

  std::filesystem::path folder_;
  std::map<std::string, std::shared_ptr<const MappedFile>> files_;  // by location
};

}  // namespace twofour::onnx_io
