#include "onnx/small_type.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ops/quantisation/minifloat.h"

namespace twofour::onnx_io {
namespace {

// Numbers of TensorProto.DataType, which older releases of ONNX do not name.
constexpr std::array kTypes = {
    SmallType{17, "e4m3fn", 8, DType::kF16}, SmallType{18, "e4m3fnuz", 8, DType::kF16},
    SmallType{19, "e5m2", 8, DType::kF16},   SmallType{20, "e5m2fnuz", 8, DType::kF16},
    SmallType{21, "uint4", 4, DType::kU8},   SmallType{22, "int4", 4, DType::kI8},
    SmallType{23, "e2m1", 4, DType::kF16},   SmallType{24, "e8m0", 8, DType::kBF16},
    SmallType{25, "uint2", 2, DType::kU8},   SmallType{26, "int2", 2, DType::kI8},
};

float decode(const ops::Minifloat& format, int code) {
  using Special = ops::Minifloat::Special;
  const int magnitude_bits = format.exponent_bits + format.mantissa_bits;
  const int highest = (1 << magnitude_bits) - 1;
  const int magnitude = code & highest;
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  if (format.special == Special::kMinusZero && code == highest + 1) return kNan;
  if (format.special == Special::kHighest && magnitude == highest) return kNan;
  const int exponent = magnitude >> format.mantissa_bits;
  const int mantissa = magnitude & ((1 << format.mantissa_bits) - 1);
  const float sign = (code >> magnitude_bits) & 1 ? -1.0F : 1.0F;
  if (format.has_infinity() && exponent == (1 << format.exponent_bits) - 1)
    return mantissa ? kNan : sign * std::numeric_limits<float>::infinity();
  const int whole = exponent ? mantissa + (1 << format.mantissa_bits) : mantissa;
  return sign *
         std::ldexp(static_cast<float>(whole), std::max(exponent, 1) - format.bias - format.mantissa_bits);
}

/// The value of a code of the type.
float value_of(const SmallType& type, int code) {
  if (type.storage == DType::kU8) return static_cast<float>(code);
  if (type.storage == DType::kI8)
    return static_cast<float>(code < 1 << (type.bits - 1) ? code : code - (1 << type.bits));
  if (type.name == "e8m0")
    return code == 255 ? std::numeric_limits<float>::quiet_NaN() : std::ldexp(1.0F, code - 127);
  return decode(*std::ranges::find(ops::kMinifloats, type.name, &ops::Minifloat::name), code);
}

}  // namespace

const SmallType* find_small_type(int32_t onnx) {
  const auto* type = std::ranges::find(kTypes, onnx, &SmallType::onnx);
  return type == kTypes.end() ? nullptr : type;
}

size_t packed_size(const SmallType& type, size_t count) {
  const size_t per_byte = static_cast<size_t>(8 / type.bits);
  return count / per_byte + (count % per_byte != 0);
}

Tensor unpack(const SmallType& type, const Shape& shape, std::span<const std::byte> packed) {
  const size_t codes = size_t{1} << type.bits;
  Tensor table(DType::kF32, {static_cast<int64_t>(codes)});
  for (size_t code = 0; code < codes; ++code)
    table.span<float>()[code] = value_of(type, static_cast<int>(code));
  const Tensor values = table.to(type.storage);
  Tensor result(type.storage, shape);
  const size_t item = dtype_size(type.storage);
  for (size_t i = 0; i < static_cast<size_t>(shape.numel()); ++i)
    std::copy_n(values.raw() + code_at(packed, type.bits, i) * item, item, result.raw() + i * item);
  return result;
}

}  // namespace twofour::onnx_io
