#include "sparsity/mask.h"

#include <cmath>

#include "sparsity/blocks.h"
#include "sparsity/verify.h"

namespace twofour::sparsity {
namespace {

// The positions (0..3) of the two largest; an earlier one wins a tie.
std::array<size_t, 2> largest_two(const std::array<double, 4>& magnitudes) {
  size_t first = 0;
  for (size_t i = 1; i < 4; ++i)
    if (magnitudes[i] > magnitudes[first]) first = i;
  size_t second = first == 0 ? 1 : 0;
  for (size_t i = second + 1; i < 4; ++i)
    if (i != first && magnitudes[i] > magnitudes[second]) second = i;
  return {first, second};
}

template <typename T>
double magnitude(T value) {
  if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>)
    return std::fabs(static_cast<double>(to_float(value)));
  else return std::fabs(static_cast<double>(value));
}

template <typename Fn>
void dispatch_weight(DType dtype, Fn&& fn) {
  TWOFOUR_CHECK(has_magnitudes(dtype), kInvalidArgument, "cannot rank {} weights by magnitude",
                dtype_name(dtype));
  dispatch_dtype(dtype, [&]<typename T>(T) {
    if constexpr (is_float(DTypeOf<T>::value) || std::is_same_v<T, int8_t>) fn(T{});
  });
}

template <typename T>
void keep_largest(const Tensor& weight, size_t axis, std::span<bool> mask) {
  const auto values = weight.span<T>();
  for_each_block(weight.shape(), axis, [&](const Block& block) {
    std::array<double, 4> magnitudes;
    for (size_t i = 0; i < 4; ++i) {
      magnitudes[i] = magnitude(values[block[i]]);
      TWOFOUR_CHECK(!std::isnan(magnitudes[i]), kInvalidArgument, "the weight is NaN at [{}]",
                    fmt::join(coordinates(weight.shape(), block[i]), ","));
    }
    for (const size_t kept : largest_two(magnitudes)) mask[block[kept]] = true;
  });
}

}  // namespace

std::vector<int64_t> coordinates(const Shape& shape, size_t position) {
  std::vector<int64_t> result(shape.rank());
  auto rest = static_cast<int64_t>(position);
  for (size_t axis = shape.rank(); axis-- > 0; rest /= shape[axis]) result[axis] = rest % shape[axis];
  return result;
}

bool has_magnitudes(DType dtype) { return is_float(dtype) || dtype == DType::kI8; }

Tensor magnitude_mask(const Tensor& weight, size_t axis) {
  Tensor mask(DType::kBool, weight.shape());
  dispatch_weight(weight.dtype(), [&]<typename T>(T) { keep_largest<T>(weight, axis, mask.span<bool>()); });
  return mask;
}

Tensor mask_from_zeros(const Tensor& weight, size_t axis) {
  const Violations found = count_violations(weight, axis);
  TWOFOUR_CHECK(
      found.count == 0, kFailedPrecondition,
      "the weight is not 2:4 along axis {}: {} of {} blocks have more than two non-zeros, the first at [{}]",
      axis, found.count, found.blocks, fmt::join(found.first, ","));
  return magnitude_mask(weight, axis);
}

Tensor masked(const Tensor& weight, const Tensor& mask) {
  TWOFOUR_CHECK(weight.shape() == mask.shape(), kInvalidArgument,
                "a mask of shape {} does not fit a weight of {}", mask.shape().to_string(),
                weight.shape().to_string());
  Tensor result = weight.clone();
  const auto kept = mask.span<bool>();
  dispatch_weight(weight.dtype(), [&]<typename T>(T) {
    const auto values = result.span<T>();
    for (size_t i = 0; i < values.size(); ++i)
      if (!kept[i]) values[i] = T{};
  });
  return result;
}

}  // namespace twofour::sparsity
