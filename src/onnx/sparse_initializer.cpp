#include "onnx/sparse_initializer.h"

#include <cstring>

#include "onnx/proto.h"
#include "onnx/tensor_proto.h"

namespace twofour::onnx_io {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 30;

Shape dense_shape(const onnx::SparseTensorProto& proto, DType dtype) {
  auto bytes = static_cast<int64_t>(dtype_size(dtype));
  Shape shape;
  for (const int64_t dim : proto.dims()) {
    TWOFOUR_CHECK(dim > 0, kDataCorrupt, "dim {} is not positive", dim);
    TWOFOUR_CHECK(!__builtin_mul_overflow(bytes, dim, &bytes) && bytes <= kMostBytes, kResourceExhausted,
                  "it would have more than {} bytes when dense", kMostBytes);
    shape.push_back(dim);
  }
  return shape;
}

/// Where value `i` goes: indices are positions in the flat tensor, or one row of coordinates for each value.
int64_t position(const Tensor& indices, int64_t i, const Shape& shape) {
  const std::span<const int64_t> data = indices.span<int64_t>();
  const auto rank = static_cast<int64_t>(shape.rank());
  int64_t flat = 0;
  if (indices.shape().rank() == 1) flat = data[static_cast<size_t>(i)];
  for (int64_t axis = 0; indices.shape().rank() == 2 && axis < rank; ++axis) {
    const int64_t at = data[static_cast<size_t>(i * rank + axis)];
    const int64_t size = shape[static_cast<size_t>(axis)];
    TWOFOUR_CHECK(at >= 0 && at < size, kDataCorrupt, "index {} is outside axis {} of {}", at, axis,
                  shape.to_string());
    flat = flat * size + at;
  }
  TWOFOUR_CHECK(flat >= 0 && flat < shape.numel(), kDataCorrupt, "index {} is outside {}", flat,
                shape.to_string());
  return flat;
}

Tensor to_dense(onnx::SparseTensorProto& proto) {
  ExternalData nothing({});
  const Tensor values = take_tensor(*proto.mutable_values(), nothing);
  const Tensor indices = take_tensor(*proto.mutable_indices(), nothing);
  const Shape shape = dense_shape(proto, values.dtype());
  const int64_t count = values.numel();
  const bool listed =
      indices.shape() == Shape{count} || indices.shape() == Shape{count, static_cast<int64_t>(shape.rank())};
  TWOFOUR_CHECK(values.shape().rank() == 1 && indices.dtype() == DType::kI64 && listed, kDataCorrupt,
                "values of shape {} and indices of shape {} do not match", values.shape().to_string(),
                indices.shape().to_string());
  Tensor dense(values.dtype(), shape);
  const size_t item = dtype_size(values.dtype());
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(dense.raw() + static_cast<size_t>(position(indices, i, shape)) * item,
                values.raw() + static_cast<size_t>(i) * item, item);
  return dense;
}

}  // namespace

void densify(onnx::GraphProto& graph) {
  for (auto& sparse : *graph.mutable_sparse_initializer()) {
    const std::string name = sparse.values().name();
    const Tensor dense = with_context([&] { return fmt::format("reading sparse initializer \"{}\"", name); },
                                      [&] { return to_dense(sparse); });
    write_tensor(dense, name, *graph.add_initializer());
  }
  graph.clear_sparse_initializer();
  for (auto& node : *graph.mutable_node())
    for (auto& attribute : *node.mutable_attribute())
      if (attribute.has_g()) densify(*attribute.mutable_g());
}

}  // namespace twofour::onnx_io
