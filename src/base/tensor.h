// Tensor: dtype, shape and a shared, 64-byte aligned buffer in row-major order. Copying a Tensor shares the
// buffer; clone() copies the data. A Tensor may also view foreign memory (a mapped file) that it keeps alive.
#pragma once

#include <memory>
#include <span>

#include "base/dtype.h"
#include "base/error.h"
#include "base/half.h"
#include "base/shape.h"

namespace twofour {

/// `bytes` zeroed bytes, 64-byte aligned. Throws Error{kResourceExhausted}.
std::shared_ptr<std::byte> allocate_aligned(size_t bytes);

class Tensor {
 public:
  Tensor() = default;
  /// Zero-filled. Throws Error{kInvalidArgument} on a negative size, kResourceExhausted on too many bytes.
  Tensor(DType dtype, Shape shape);
  /// A view of `data`, which must hold numel() elements and stay valid while `data`'s owner lives.
  Tensor(DType dtype, Shape shape, std::shared_ptr<std::byte> data);

  template <typename T>
  static Tensor of(Shape shape, std::span<const T> values);
  static Tensor scalar(float value) { return of<float>({}, std::span<const float>(&value, 1)); }
  static Tensor i64(const std::vector<int64_t>& values) {
    return of<int64_t>({static_cast<int64_t>(values.size())}, values);
  }

  bool defined() const { return data_ != nullptr; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t numel() const { return shape_.numel(); }
  size_t size_bytes() const { return static_cast<size_t>(numel()) * dtype_size(dtype_); }
  std::byte* raw() const { return data_.get(); }

  /// The elements as T; asserts that the tensor is defined and T is its dtype.
  template <typename T>
  std::span<T> span() const;

  Tensor clone() const;
  /// The same buffer under another shape with the same number of elements.
  Tensor reshaped(Shape shape) const;
  /// A copy converted to `dtype` (floats, integers and bool; float to integer truncates).
  Tensor to(DType dtype) const;

 private:
  DType dtype_ = DType::kF32;
  Shape shape_;
  std::shared_ptr<std::byte> data_;
};

template <typename T>
std::span<T> Tensor::span() const {
  TWOFOUR_ASSERT(defined(), "elements of an undefined tensor");
  TWOFOUR_ASSERT(DTypeOf<T>::value == dtype_, "tensor is {}, read as {}", dtype_name(dtype_),
                 dtype_name(DTypeOf<T>::value));
  return {reinterpret_cast<T*>(data_.get()), static_cast<size_t>(numel())};
}

template <typename T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  TWOFOUR_CHECK(static_cast<size_t>(shape.numel()) == values.size(), kInvalidArgument,
                "shape {} needs {} values, got {}", shape.to_string(), shape.numel(), values.size());
  Tensor result(DTypeOf<T>::value, std::move(shape));
  std::copy(values.begin(), values.end(), result.span<T>().begin());
  return result;
}

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

}  // namespace twofour
