// Tensor: dtype, shape and a shared, 64-byte aligned buffer in row-major order. Copying a Tensor shares the
// buffer; clone() copies the data. A Tensor may also view foreign memory (a mapped file) that it keeps alive.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "twofour/dtype.h"
#include "twofour/half.h"
#include "twofour/shape.h"

namespace twofour {

class Tensor {
 public:
  Tensor() = default;
  /// Zero-filled. Throws Error{kInvalidArgument} on a negative size, kResourceExhausted on too many bytes.
  Tensor(DType dtype, Shape shape);
  /// A view of `data`, which must hold numel() elements and stay valid while `data`'s owner lives.
  Tensor(DType dtype, Shape shape, std::shared_ptr<std::byte> data);

  template <typename T>
  static Tensor of(Shape shape, std::span<const T> values);
  static Tensor scalar(float value);
  static Tensor i64(const std::vector<int64_t>& values);

  bool defined() const { return data_ != nullptr; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t numel() const { return shape_.numel(); }
  size_t size_bytes() const { return static_cast<size_t>(numel()) * dtype_size(dtype_); }
  std::byte* raw() const { return data_.get(); }

  /// The elements as T. Throws Error{kInternal} when the tensor is undefined or T is not its dtype.
  template <typename T>
  std::span<T> span() const;

  Tensor clone() const;
  /// The same buffer under another shape with the same number of elements.
  Tensor reshaped(Shape shape) const;
  /// A copy converted to `dtype` (floats, integers and bool). Float to integer truncates and saturates; NaN
  /// gives 0.
  Tensor to(DType dtype) const;

 private:
  void check_span(DType dtype) const;
  static void check_count(const Shape& shape, size_t count);

  DType dtype_ = DType::kF32;
  Shape shape_;
  std::shared_ptr<std::byte> data_;
};

template <typename T>
std::span<T> Tensor::span() const {
  check_span(DTypeOf<T>::value);
  return {reinterpret_cast<T*>(data_.get()), static_cast<size_t>(numel())};
}

template <typename T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  check_count(shape, values.size());
  Tensor result(DTypeOf<T>::value, std::move(shape));
  std::copy(values.begin(), values.end(), result.span<T>().begin());
  return result;
}

}  // namespace twofour
