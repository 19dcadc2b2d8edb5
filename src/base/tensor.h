// What the inside of twofour adds to the public Tensor.
#pragma once

#include <memory>

#include "base/error.h"
#include "base/half.h"
#include "base/shape.h"
#include "twofour/tensor.h"

namespace twofour {

/// `bytes` zeroed bytes, 64-byte aligned and readable up to the next multiple of 64. Throws
/// Error{kResourceExhausted}.
std::shared_ptr<std::byte> allocate_aligned(size_t bytes);

/// Calls fn(T{}) with the C++ type of `dtype` (f16 and bf16 as the storage structs).
template <typename Fn>
decltype(auto) dispatch_dtype(DType dtype, Fn&& fn) {
  switch (dtype) {
    case DType::kF32: return fn(float{});
    case DType::kF16: return fn(f16{});
    case DType::kBF16: return fn(bf16{});
    case DType::kF64: return fn(double{});
    case DType::kI8: return fn(int8_t{});
    case DType::kU8: return fn(uint8_t{});
    case DType::kI16: return fn(int16_t{});
    case DType::kU16: return fn(uint16_t{});
    case DType::kI32: return fn(int32_t{});
    case DType::kU32: return fn(uint32_t{});
    case DType::kI64: return fn(int64_t{});
    case DType::kU64: return fn(uint64_t{});
    case DType::kBool: break;
  }
  return fn(bool{});
}

/// Calls fn(T{}) with the unsigned type of so many bytes: for what is done alike whatever the type.
template <typename Fn>
decltype(auto) dispatch_size(size_t bytes, Fn&& fn) {
  switch (bytes) {
    case 1: return fn(uint8_t{});
    case 2: return fn(uint16_t{});
    case 4: return fn(uint32_t{});
    default: return fn(uint64_t{});
  }
}

}  // namespace twofour
