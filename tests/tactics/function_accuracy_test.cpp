// Functions with kernels of their own, in units in the last place against long double, over all magnitudes.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

/// Both signs of every exponent, with a few thousand mantissas each; no NaN.
Tensor every_magnitude() {
  constexpr uint32_t kStep = 40503;
  std::vector<float> values;
  for (uint64_t bits = 0; bits <= 0xFFFFFFFFU; bits += kStep) {
    const auto v = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isfinite(v)) values.push_back(v);
  }
  return Tensor::of<float>({static_cast<int64_t>(values.size())}, values);
}

/// The distance between `expected`, not smaller than the smallest normal number, and the next f32.
long double unit(long double expected) {
  int exponent;
  std::frexp(expected, &exponent);
  return std::ldexp(1.0L, std::max(exponent - 24, -149));
}

struct Accuracy {
  const char* op;
  const char* tactic;
  long double (*exact)(long double);
  double units;
  float lowest;  // below, results are 0
};

long double softplus(long double v) { return std::max(v, 0.0L) + std::log1p(std::exp(-std::abs(v))); }

constexpr Accuracy kFunctions[] = {
    {"Acos", "native.function", [](long double v) { return std::acos(v); }, 3, -INFINITY},
    {"Asin", "native.function", [](long double v) { return std::asin(v); }, 3, -INFINITY},
    {"Atan", "native.function", [](long double v) { return std::atan(v); }, 3, -INFINITY},
    {"Erf", "native.unary", [](long double v) { return std::erf(v); }, 2, -INFINITY},
    {"Mish", "native.unary", [](long double v) { return v * std::tanh(softplus(v)); }, 5, -87.3F},
    {"Softplus", "native.function", softplus, 4, -87.3F},
};

TEST(FunctionAccuracy, InUnitsInTheLastPlace) {
  const Tensor numbers = every_magnitude();
  for (const Accuracy& f : kFunctions) {
    const Tensor dst = run_tactic(*device().find_tactic(f.tactic), case_of_tensors(f.op, {numbers}))[0];
    double worst = 0;
    float at = 0;
    for (int64_t i = 0; i < numbers.numel(); ++i) {
      const float v = numbers.span<float>()[static_cast<size_t>(i)];
      const long double got = dst.span<float>()[static_cast<size_t>(i)], exact = f.exact(v);
      ASSERT_EQ(std::isnan(got), std::isnan(exact)) << f.op << " of " << v;
      if (std::isnan(exact)) continue;
      if (v < f.lowest) {
        ASSERT_LT(std::abs(got - exact), 1e-35L) << f.op << " of " << v;
        continue;
      }
      const auto units = static_cast<double>(std::abs(got - exact) / unit(exact));
      if (units <= worst) continue;
      worst = units;
      at = v;
    }
    EXPECT_LE(worst, f.units) << f.op << " of " << at;
  }
}

}  // namespace
}  // namespace twofour::tactic_test
