// Shared by the sparsity tests.
#pragma once

#include <gmock/gmock.h>

#include "base/rng.h"
#include "base/tensor.h"
#include "ir/graph.h"

namespace twofour::sparsity {

inline Tensor random_tensor(const Shape& shape, uint64_t seed, DType dtype = DType::kF32) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(seed);
  for (float& v : tensor.span<float>()) v = rng.normal();
  return tensor.to(dtype);
}

inline Tensor floats(const Shape& shape, const std::vector<float>& values) {
  return Tensor::of<float>(shape, values);
}

inline std::vector<bool> bools(const Tensor& mask) {
  return {mask.span<bool>().begin(), mask.span<bool>().end()};
}

template <typename Fn>
void expect_error(Fn&& fn, ErrorCode code, const std::string& text) {
  try {
    fn();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(text));
  }
}

}  // namespace twofour::sparsity
