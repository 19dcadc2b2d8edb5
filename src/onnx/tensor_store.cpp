#include "onnx/tensor_store.h"

#include "onnx/proto.h"
#include "onnx/tensor_proto.h"

namespace twofour::onnx_io {

const Tensor& TensorStore::take(onnx::TensorProto& proto) {
  const auto [it, added] = taken_.try_emplace(&proto);
  if (added) {
    onnx::TensorProto whole;
    whole.Swap(&proto);
    proto.set_name(whole.name());
    proto.set_data_type(whole.data_type());
    it->second = take_tensor(whole, external_);
  }
  return it->second;
}

}  // namespace twofour::onnx_io
