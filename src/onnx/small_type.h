// Element types of ONNX that no tensor here has: integers of 2 and 4 bits, floats of 4 and 8. Their values
// are held exactly by a wider type, which is what an imported graph has in their place.
#pragma once

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
/// Values of packed elements, the first in the lowest bits of a byte.
Tensor unpack(const SmallType& type, const Shape& shape, std::span<const std::byte> packed);

}  // namespace twofour::onnx_io
