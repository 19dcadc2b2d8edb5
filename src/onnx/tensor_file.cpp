#include "onnx/tensor_file.h"

#include "base/file.h"
#include "onnx/proto.h"
#include "onnx/tensor_proto.h"

namespace twofour::onnx_io {

Tensor load_tensor(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  return with_context([&] { return "reading tensor " + path.string(); },
                      [&] {
                        onnx::TensorProto proto;
                        TWOFOUR_CHECK(proto.ParseFromString(bytes), kDataCorrupt, "it is no TensorProto");
                        ExternalData beside(path.parent_path());
                        return take_tensor(proto, beside);
                      });
}

}  // namespace twofour::onnx_io
