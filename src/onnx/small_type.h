// Element types of ONNX that no tensor here has: integers of 2 and 4 bits, floats of 4 and 8. Their values
// are held exactly by a wider type, which is what an imported graph has in their place.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/tensor.h"
#include "twofour/dtype.h"

namespace twofour::onnx_io {

struct SmallType {
  int32_t onnx;           // TensorProto.DataType
  std::string_view name;  // as RoundToMinifloat names floats
  int bits;
  DType storage;
};

/// Null for any other element type.
const SmallType* find_small_type(int32_t onnx);
/// Bytes of `count` packed elements.
size_t packed_size(const SmallType& type, size_t count);
/// Element `i` of packed codes, the first of them in the lowest bits of a byte; `bits`: 2, 4 or 8.
inline uint8_t code_at(std::span<const std::byte> packed, int bits, size_t i) {
  const auto per_byte = static_cast<size_t>(8 / bits);
  const int shift = static_cast<int>(i % per_byte) * bits;
  return static_cast<uint8_t>((std::to_integer<int>(packed[i / per_byte]) >> shift) & ((1 << bits) - 1));
}
/// Values of packed elements.
Tensor unpack(const SmallType& type, const Shape& shape, std::span<const std::byte> packed);

}  // namespace twofour::onnx_io
