// Random 2:4 matrices and double-precision references for the sparse kernel tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <variant>
#include <vector>

#include "backend/sparse24_format.h"
#include "base/rng.h"
#include "cpu/sparse24/gemm.h"

namespace twofour::cpu::testing {

inline std::vector<float> random_values(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = rng.uniform(-1.0F, 1.0F);
  return values;
}

/// Dense [m,k] with 2:4 zeros: every pattern occurs, and one block in eight is degenerate (one or no
/// non-zero).
inline std::vector<float> random_sparse_dense(int64_t m, int64_t k, uint64_t seed) {
  constexpr std::array<std::array<size_t, 2>, 6> kPatterns = {
      {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}};
  Rng rng(seed);
  std::vector<float> dense(static_cast<size_t>(m * k));
  for (size_t block = 0; block < dense.size(); block += 4) {
    const auto& pattern = kPatterns[rng.below(6)];
    const uint64_t keep = rng.below(16);
    if (keep != 0) dense[block + pattern[0]] = rng.uniform(-1.0F, 1.0F);
    if (keep > 1) dense[block + pattern[1]] = rng.uniform(-1.0F, 1.0F);
  }
  return dense;
}

inline backend::Sparse24Matrix compressed(const std::vector<float>& dense, int64_t m, int64_t k) {
  return std::get<backend::Sparse24Matrix>(backend::compress24(dense, m, k));
}

inline double activate(double v, const Epilogue& epilogue) {
  switch (epilogue.activation) {
    case Activation::kNone: break;
    case Activation::kRelu: return std::max(v, 0.0);
    case Activation::kClip:
      return std::min(std::max(v, static_cast<double>(epilogue.lo)), static_cast<double>(epilogue.hi));
  }
  return v;
}

/// Rounding error allowed for a sum of `terms` products of values in [-1, 1]: `terms` roundings of partial
/// sums as large as sqrt(terms) add up, like a random walk, to about eps * sqrt(terms) * sqrt(terms) times a
/// small factor.
inline double tolerance(int64_t terms) {
  return std::numeric_limits<float>::epsilon() * (8.0 + 0.5 * static_cast<double>(terms));
}

/// An epilogue of kind 0..11: activation, residual and bias in all combinations.
inline Epilogue epilogue_of(int kind, int64_t m, uint64_t seed) {
  Epilogue epilogue;
  if (kind % 2) epilogue.bias = random_values(m, seed);
  epilogue.residual = kind / 2 % 2;
  epilogue.activation = static_cast<Activation>(kind / 4);
  epilogue.lo = -0.5F;
  epilogue.hi = 0.75F;
  return epilogue;
}
constexpr int kEpilogueKinds = 12;

inline double bias_of(const Epilogue& epilogue, int64_t m) {
  return epilogue.bias.empty() ? 0.0 : static_cast<double>(epilogue.bias[static_cast<size_t>(m)]);
}

}  // namespace twofour::cpu::testing

#define TWOFOUR_SKIP_WITHOUT_SPARSE24() \
  if (const auto support = ::twofour::cpu::sparse24_supports(); !support) GTEST_SKIP() << support.to_string()
