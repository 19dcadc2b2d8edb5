#include "base/shape.h"

#include <algorithm>

#include "base/error.h"

namespace twofour {

int64_t Shape::numel() const { return numel(0, rank()); }

int64_t Shape::numel(size_t first, size_t last) const {
  int64_t product = 1;
  for (size_t i = first; i < last; ++i)
    TWOFOUR_CHECK(!__builtin_mul_overflow(product, dims_[i], &product), kResourceExhausted,
                  "shape {} has more elements than 63 bits can count", to_string());
  return product;
}

std::vector<int64_t> Shape::strides() const {
  std::vector<int64_t> result(rank());
  for (size_t i = 0; i < rank(); ++i) result[i] = numel(i + 1, rank());
  return result;
}

std::string Shape::to_string() const {
  return dims_.empty() ? "scalar" : fmt::format("{}", fmt::join(dims_, "x"));
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = i + a.rank() < rank ? 1 : a[i + a.rank() - rank];
    const int64_t y = i + b.rank() < rank ? 1 : b[i + b.rank() - rank];
    TWOFOUR_CHECK(x == y || x == 1 || y == 1, kInvalidArgument, "shapes {} and {} do not broadcast",
                  a.to_string(), b.to_string());
    dims[i] = x == 1 ? y : x;
  }
  return Shape(std::move(dims));
}

}  // namespace twofour
