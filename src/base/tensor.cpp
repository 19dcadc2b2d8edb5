#include "base/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/align.h"
#include "base/cpu.h"
#include "base/truncate.h"

namespace twofour {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

template <typename T>
auto widen(T value) {
  if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) return to_float(value);
  else return value;
}

template <typename To, typename From>
To narrow(From value) {
  if constexpr (std::is_same_v<To, f16>) return to_f16(static_cast<float>(value));
  else if constexpr (std::is_same_v<To, bf16>) return to_bf16(static_cast<float>(value));
  else if constexpr (std::is_same_v<To, bool>) return value != From{};
  else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) return truncate<To>(value);
  else return static_cast<To>(value);
}

}  // namespace

std::shared_ptr<std::byte> allocate_aligned(size_t bytes) {
  TWOFOUR_CHECK(bytes <= memory_bytes(), kResourceExhausted, "{} bytes are needed, the machine has {}", bytes,
                memory_bytes());
  const size_t rounded = round_up(bytes, 64);
  const bool large = rounded >= 2 * kHugePage;
  const size_t alignment = large ? kHugePage : 64;
  void* memory = rounded >= bytes
                     ? std::aligned_alloc(alignment, round_up(std::max<size_t>(rounded, 1), alignment))
                     : nullptr;
  TWOFOUR_CHECK(memory, kResourceExhausted, "cannot allocate {} bytes", bytes);
  if (large) ::madvise(memory, rounded / kHugePage * kHugePage, MADV_HUGEPAGE);  // fewer address translations
  std::memset(memory, 0, rounded);
  return {static_cast<std::byte*>(memory), [](std::byte* p) { std::free(p); }};
}

Tensor::Tensor(DType dtype, Shape shape) : Tensor(dtype, std::move(shape), nullptr) {
  data_ = allocate_aligned(size_bytes());
}

Tensor::Tensor(DType dtype, Shape shape, std::shared_ptr<std::byte> data)
    : dtype_(dtype), shape_(std::move(shape)), data_(std::move(data)) {
  for (const int64_t dim : shape_)
    TWOFOUR_CHECK(dim >= 0, kInvalidArgument, "a tensor cannot have the shape {}", shape_.to_string());
  int64_t bytes;
  TWOFOUR_CHECK(!__builtin_mul_overflow(shape_.numel(), dtype_size(dtype_), &bytes), kResourceExhausted,
                "a {} tensor of shape {} has more bytes than 63 bits can count", dtype_name(dtype_),
                shape_.to_string());
}

void Tensor::check_span(DType dtype) const {
  TWOFOUR_ASSERT(defined(), "elements of an undefined tensor");
  TWOFOUR_ASSERT(dtype == dtype_, "tensor is {}, read as {}", dtype_name(dtype_), dtype_name(dtype));
}

void Tensor::check_count(const Shape& shape, size_t count) {
  TWOFOUR_CHECK(static_cast<size_t>(shape.numel()) == count, kInvalidArgument,
                "shape {} needs {} values, got {}", shape.to_string(), shape.numel(), count);
}

Tensor Tensor::scalar(float value) { return of<float>({}, std::span<const float>(&value, 1)); }

Tensor Tensor::i64(const std::vector<int64_t>& values) {
  return of<int64_t>({static_cast<int64_t>(values.size())}, values);
}

Tensor Tensor::clone() const {
  TWOFOUR_ASSERT(defined(), "clone of an undefined tensor");
  Tensor copy(dtype_, shape_);
  std::memcpy(copy.raw(), raw(), size_bytes());
  return copy;
}

Tensor Tensor::reshaped(Shape shape) const {
  TWOFOUR_CHECK(shape.numel() == numel(), kInvalidArgument, "cannot view {} as {}", shape_.to_string(),
                shape.to_string());
  return Tensor(dtype_, std::move(shape), data_);
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return clone();
  Tensor result(dtype, shape_);
  dispatch_dtype(dtype_, [&]<typename From>(From) {
    dispatch_dtype(dtype, [&]<typename To>(To) {
      const auto src = span<From>();
      const auto dst = result.span<To>();
      for (size_t i = 0; i < src.size(); ++i) dst[i] = narrow<To>(widen(src[i]));
    });
  });
  return result;
}

}  // namespace twofour
