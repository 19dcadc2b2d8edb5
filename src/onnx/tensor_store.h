// The constant data of a model, which is taken out of its file once, however often the graph around it is
// read.
#pragma once

#include <unordered_map>

#include "onnx/external_data.h"

namespace twofour::onnx_io {

class TensorStore {
 public:
  /// `folder`: where external data lies.
  explicit TensorStore(std::filesystem::path folder) : external_(std::move(folder)) {}

  /// As take_tensor, of which `proto` keeps the name and the element type; it must stay where it is.
  const Tensor& take(onnx::TensorProto& proto);

 private:
  ExternalData external_;
  std::unordered_map<const onnx::TensorProto*, Tensor> taken_;
};

}  // namespace twofour::onnx_io
