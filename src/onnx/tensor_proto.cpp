#include "onnx/tensor_proto.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "onnx/data_type.h"
#include "onnx/proto.h"
#include "onnx/small_type.h"

namespace twofour::onnx_io {
namespace {

// An empty axis does not excuse absurd sizes on the others: strides must fit as well.
Shape read_shape(const onnx::TensorProto& proto) {
  Shape shape;
  int64_t product = 1;
  for (const int64_t dim : proto.dims()) {
    TWOFOUR_CHECK(dim >= 0, kDataCorrupt, "dim {} is negative", dim);
    TWOFOUR_CHECK(!__builtin_mul_overflow(product, std::max<int64_t>(dim, 1), &product), kDataCorrupt,
                  "the dims multiply to more than 63 bits can count");
    shape.push_back(dim);
  }
  return shape;
}

Tensor from_raw(DType dtype, const Shape& shape, const std::string& raw) {
  const auto count = static_cast<size_t>(shape.numel());
  TWOFOUR_CHECK(raw.size() % dtype_size(dtype) == 0 && raw.size() / dtype_size(dtype) == count, kDataCorrupt,
                "shape {} of {} needs {} elements of {} bytes, raw_data holds {} bytes", shape.to_string(),
                dtype_name(dtype), count, dtype_size(dtype), raw.size());
  Tensor tensor(dtype, shape);
  if (dtype == DType::kBool) {
    std::ranges::transform(raw, tensor.span<bool>().begin(), [](char c) { return c != 0; });
  } else if (!raw.empty()) {
    std::memcpy(tensor.raw(), raw.data(), raw.size());
  }
  return tensor;
}

template <typename T, typename Source>
T convert_element(Source value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) {
    TWOFOUR_CHECK(value >= 0 && value <= UINT16_MAX, kDataCorrupt, "{} is not the bits of a 16-bit float",
                  value);
    return T{static_cast<uint16_t>(value)};
  } else if constexpr (std::is_integral_v<T>) {
    TWOFOUR_CHECK(std::in_range<T>(value), kDataCorrupt, "{} does not fit {}", value,
                  dtype_name(DTypeOf<T>::value));
    return static_cast<T>(value);
  } else {
    return value;
  }
}

template <typename T>
const auto& typed_field(const onnx::TensorProto& proto) {
  if constexpr (std::is_same_v<T, float>) return proto.float_data();
  else if constexpr (std::is_same_v<T, double>) return proto.double_data();
  else if constexpr (std::is_same_v<T, int64_t>) return proto.int64_data();
  else if constexpr (std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t>) return proto.uint64_data();
  else return proto.int32_data();
}

Tensor from_typed(DType dtype, const Shape& shape, const onnx::TensorProto& proto) {
  return dispatch_dtype(dtype, [&]<typename T>(T) {
    const auto& field = typed_field<T>(proto);
    const auto count = static_cast<size_t>(shape.numel());
    TWOFOUR_CHECK(static_cast<size_t>(field.size()) == count, kDataCorrupt,
                  "shape {} needs {} {} elements, the data has {}", shape.to_string(), count,
                  dtype_name(dtype), field.size());
    Tensor tensor(dtype, shape);
    std::ranges::transform(field, tensor.span<T>().begin(),
                           [](auto value) { return convert_element<T>(value); });
    return tensor;
  });
}

/// The packed bytes of a type with fewer than 8 bits, or of a float of 8: typed data has one byte in each
/// entry.
std::string packed_bytes(const onnx::TensorProto& proto, size_t size, ExternalData& external) {
  std::string bytes;
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    const Tensor data = external.read(proto, DType::kU8, {static_cast<int64_t>(size)});
    bytes.assign(reinterpret_cast<const char*>(data.raw()), data.size_bytes());
  } else if (proto.has_raw_data()) {
    bytes = proto.raw_data();
  } else {
    for (const int32_t value : proto.int32_data())
      bytes.push_back(static_cast<char>(convert_element<uint8_t>(value)));
  }
  TWOFOUR_CHECK(bytes.size() == size, kDataCorrupt, "its shape needs {} packed bytes, the data has {}", size,
                bytes.size());
  return bytes;
}

}  // namespace

Tensor take_tensor(onnx::TensorProto& proto, ExternalData& external) {
  return with_context([&] { return fmt::format("reading tensor \"{}\"", proto.name()); },
                      [&] {
                        TWOFOUR_CHECK(!proto.has_segment(), kUnsupported,
                                      "tensors stored in segments are not supported");
                        const DType dtype = dtype_from_onnx(proto.data_type());
                        const Shape shape = read_shape(proto);
                        if (const SmallType* small = find_small_type(proto.data_type())) {
                          const size_t size = packed_size(*small, static_cast<size_t>(shape.numel()));
                          const std::string bytes = packed_bytes(proto, size, external);
                          return unpack(*small, shape, std::as_bytes(std::span(bytes)));
                        }
                        if (proto.data_location() == onnx::TensorProto::EXTERNAL)
                          return external.read(proto, dtype, shape);
                        if (!proto.has_raw_data()) return from_typed(dtype, shape, proto);
                        const std::unique_ptr<std::string> raw(proto.release_raw_data());
                        return from_raw(dtype, shape, *raw);
                      });
}

void write_tensor(const Tensor& tensor, const std::string& name, onnx::TensorProto& proto) {
  proto.set_name(name);
  proto.set_data_type(dtype_to_onnx(tensor.dtype()));
  for (const int64_t dim : tensor.shape()) proto.add_dims(dim);
  proto.set_raw_data(tensor.raw(), tensor.size_bytes());
}

}  // namespace twofour::onnx_io
