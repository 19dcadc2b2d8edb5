#include "onnx/constant_node.h"

#include "base/error.h"

namespace twofour::onnx_io {
namespace {

struct ConstantData {
  Tensor operator()(int64_t v) const { return Tensor::of<int64_t>({}, std::span<const int64_t>(&v, 1)); }
  Tensor operator()(float v) const { return Tensor::scalar(v); }
  Tensor operator()(const std::vector<int64_t>& v) const { return Tensor::i64(v); }
  Tensor operator()(const std::vector<float>& v) const {
    return Tensor::of<float>({static_cast<int64_t>(v.size())}, v);
  }
  Tensor operator()(const Tensor& v) const { return v; }
  template <typename Text>
  Tensor operator()(const Text&) const {
    fail(ErrorCode::kUnsupported, "constants made of strings are not supported");
  }
};

}  // namespace

Tensor data_of_constant(const Attrs& attrs) {
  TWOFOUR_CHECK(attrs.size() == 1, kDataCorrupt, "a Constant has exactly one attribute, this one {}",
                attrs.size());
  return std::visit(ConstantData{}, attrs.begin()->second);
}

}  // namespace twofour::onnx_io
