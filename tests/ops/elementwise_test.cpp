// Elementwise, comparing, bitwise and variadic operators at the edges of their types.
#include <cmath>
#include <limits>

#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

template <typename T>
Tensor of(const std::vector<T>& items) {
  return Tensor::of<T>({static_cast<int64_t>(items.size())}, items);
}
template <typename T>
std::vector<T> list(const Tensor& tensor) {
  return {tensor.span<T>().begin(), tensor.span<T>().end()};
}
float at(const char* op, float v, Attrs attrs = {}) {
  return run(op, {Tensor::scalar(v)}, std::move(attrs)).span<float>()[0];
}

TEST(Unary, RoundsHalvesToEven) {
  const Tensor src = floats({9}, {-2.5F, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F, 0.49999997F, -0.3F, 8388609});
  EXPECT_THAT(values(run("Round", {src})), ElementsAre(-2, -2, 0, 0, 2, 2, 0, 0, 8388609));
  EXPECT_TRUE(std::signbit(at("Round", -0.3F)));
  EXPECT_TRUE(std::isnan(at("Round", NAN)));
  EXPECT_EQ(at("Round", -INFINITY), -INFINITY);
}

TEST(Unary, SignsOfEveryType) {
  EXPECT_THAT(values(run("Sign", {floats({3}, {-0.5F, 0, 7})})), ElementsAre(-1, 0, 1));
  EXPECT_TRUE(std::isnan(at("Sign", NAN)));
  EXPECT_THAT(list<int8_t>(run("Sign", {of<int8_t>({-128, 0, 127})})), ElementsAre(-1, 0, 1));
  EXPECT_THAT(list<uint64_t>(run("Sign", {of<uint64_t>({0, UINT64_MAX})})), ElementsAre(0, 1));
}

TEST(Unary, TheSmallestIntegerHasNoNegative) {
  constexpr int8_t kMin = std::numeric_limits<int8_t>::min();
  EXPECT_THAT(list<int8_t>(run("Neg", {of<int8_t>({kMin, 5})})), ElementsAre(kMin, -5));
  EXPECT_THAT(list<int8_t>(run("Abs", {of<int8_t>({kMin, -5})})), ElementsAre(kMin, 5));
  EXPECT_THAT(list<uint8_t>(run("Abs", {of<uint8_t>({200})})), ElementsAre(200));
}

TEST(Unary, KeepsDoublePrecision) {
  const double v = run("Exp", {Tensor::scalar(1).to(DType::kF64)}).span<double>()[0];
  EXPECT_DOUBLE_EQ(v, std::exp(1.0));
  expect_error(ErrorCode::kUnsupported, "f16", [] { run("Sin", {ints({1}, {1})}); });
}

TEST(Activations, StayFiniteFarOut) {
  for (const float v : {-1000.0F, 1000.0F}) {
    const float positive = v > 0 ? v : 0;
    EXPECT_EQ(at("Softplus", v), positive);
    EXPECT_EQ(at("Mish", v), positive);
    EXPECT_EQ(at("Swish", v), positive);
    EXPECT_EQ(at("Gelu", v), positive);
    EXPECT_EQ(at("Gelu", v, {{"approximate", std::string("tanh")}}), positive);
    EXPECT_EQ(at("HardSwish", v), positive);
  }
  EXPECT_EQ(at("Elu", -1000, {{"alpha", 2.0F}}), -2);
  EXPECT_THAT(at("Selu", -1000), FloatEq(-1.7580993F));
  EXPECT_THAT(at("Celu", -1000, {{"alpha", 3.0F}}), FloatEq(-3));
}

// max(v, 0) + min(alpha * (exp(v / alpha) - 1), 0): inf * 0 is NaN.
TEST(Activations, AlphasThatAreNoNumbers) {
  for (const float v : {-2.0F, 0.0F, 3.0F}) {
    for (const float alpha : {INFINITY, -INFINITY, NAN})
      EXPECT_TRUE(std::isnan(at("Celu", v, {{"alpha", alpha}}))) << v << " " << alpha;
    EXPECT_EQ(at("ThresholdedRelu", v, {{"alpha", NAN}}), 0) << v;
    EXPECT_EQ(at("ThresholdedRelu", v, {{"alpha", INFINITY}}), 0) << v;
    EXPECT_EQ(at("ThresholdedRelu", v, {{"alpha", -INFINITY}}), v);
  }
  EXPECT_TRUE(std::isnan(at("ThresholdedRelu", NAN)));
  EXPECT_TRUE(std::isnan(at("Celu", NAN)));
  EXPECT_EQ(at("Celu", INFINITY), INFINITY);
  EXPECT_EQ(at("Celu", -INFINITY, {{"alpha", 3.0F}}), -3);
  EXPECT_EQ(at("Celu", 5, {{"alpha", -2.0F}}), 5);
}

TEST(Activations, ShrinkAndPReluOfIntegers) {
  const Tensor bytes = of<int8_t>({-128, -2, -1, 0, 1, 2, 127});
  EXPECT_THAT(list<int8_t>(run("Shrink", {bytes}, {{"lambd", 1.5F}, {"bias", 0.75F}})),
              ElementsAre(-127, -1, 0, 0, 0, 1, 126));
  EXPECT_THAT(list<int8_t>(run("Shrink", {bytes}, {{"lambd", 1.5F}, {"bias", -3.0F}})),
              ElementsAre(-128, -5, 0, 0, 0, 5, 127));
  EXPECT_THAT(list<uint16_t>(run("Shrink", {of<uint16_t>({0, 1, 65535})}, {{"bias", 2.0F}})),
              ElementsAre(0, 0, 65533));
  constexpr int64_t kOdd = (int64_t{1} << 60) + 1;
  EXPECT_THAT(list<int64_t>(run("Shrink", {of<int64_t>({kOdd})}, {{"bias", 2.0F}})), ElementsAre(kOdd - 2));
  EXPECT_THAT(list<int32_t>(run("PRelu", {of<int32_t>({-3, 0, 5, INT32_MIN}), of<int32_t>({-2})})),
              ElementsAre(6, 0, 5, 0));
  EXPECT_THAT(list<uint64_t>(run("PRelu", {of<uint64_t>({1, UINT64_MAX}), of<uint64_t>({7})})),
              ElementsAre(1, UINT64_MAX));
  expect_error(ErrorCode::kUnsupported, "integers of 32 and 64 bits", [&] { run("PRelu", {bytes, bytes}); });
}

TEST(Activations, Thresholds) {
  EXPECT_EQ(at("ThresholdedRelu", 1), 0);
  EXPECT_EQ(at("Shrink", 0.5F), 0);
  EXPECT_EQ(at("Shrink", -2, {{"bias", 0.5F}}), -1.5F);
  EXPECT_TRUE(std::isnan(at("Shrink", NAN)));
  expect_error(ErrorCode::kInvalidArgument, "approximate is \"erf\"", [] {
    at("Gelu", 1, {{"approximate", std::string("erf")}});
  });
  expect_error(ErrorCode::kInvalidArgument, "it must broadcast to src", [] {
    run("PRelu", {iota({3}), iota({2, 3})});
  });
  expect_error(ErrorCode::kInvalidArgument, "does not broadcast to src", [] {
    run("PRelu", {iota({1}), iota({3})});
  });
}

TEST(FloatClass, TellsInfinitiesFromNaN) {
  const Tensor src = floats({4}, {1, INFINITY, -INFINITY, NAN});
  EXPECT_THAT(list<bool>(run("IsNaN", {src})), ElementsAre(false, false, false, true));
  EXPECT_THAT(list<bool>(run("IsInf", {src})), ElementsAre(false, true, true, false));
  EXPECT_THAT(list<bool>(run("IsInf", {src}, {{"detect_negative", int64_t{0}}})),
              ElementsAre(false, true, false, false));
}

TEST(Compare, NaNEqualsNothing) {
  const Tensor a = floats({2}, {NAN, 1});
  for (const char* op : {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"})
    EXPECT_FALSE(run(op, {a, a}).span<bool>()[0]) << op;
  EXPECT_THAT(list<bool>(run("GreaterOrEqual", {of<uint64_t>({UINT64_MAX}), of<uint64_t>({1})})),
              ElementsAre(true));
  expect_error(ErrorCode::kUnsupported, "bool", [] { run("Less", {flag(true), flag(true)}); });
  expect_error(ErrorCode::kInvalidArgument, "type bool", [] { run("And", {iota({1}), iota({1})}); });
}

TEST(Bits, ShiftsBeyondTheWidthLeaveNothing) {
  const Attrs left = {{"direction", std::string("LEFT")}};
  const Attrs right = {{"direction", std::string("RIGHT")}};
  const Tensor by = of<uint8_t>({1, 7, 8, 255});
  EXPECT_THAT(list<uint8_t>(run("BitShift", {of<uint8_t>({129, 129, 129, 129}), by}, left)),
              ElementsAre(2, 128, 0, 0));
  EXPECT_THAT(list<uint8_t>(run("BitShift", {of<uint8_t>({129, 129, 129, 129}), by}, right)),
              ElementsAre(64, 1, 0, 0));
  EXPECT_THAT(list<uint64_t>(run("BitShift", {of<uint64_t>({1}), of<uint64_t>({64})}, left)), ElementsAre(0));
  expect_error(ErrorCode::kInvalidArgument, "unsigned", [&] {
    run("BitShift", {ints({1}, {1}), ints({1}, {1})}, left);
  });
  expect_error(ErrorCode::kInvalidArgument, "direction is \"UP\"", [&] {
    run("BitShift", {by, by}, {{"direction", std::string("UP")}});
  });
}

TEST(Bits, CastKeepsThem) {
  const Tensor bits = run("BitCast", {floats({2}, {1, -0.0F})}, {{"to", std::string("u32")}});
  EXPECT_THAT(list<uint32_t>(bits), ElementsAre(0x3f800000U, 0x80000000U));
  expect_error(ErrorCode::kInvalidArgument, "same number of bits", [] {
    run("BitCast", {iota({2})}, {{"to", std::string("f64")}});
  });
  expect_error(ErrorCode::kUnsupported, "bits of f16", [] {
    run("BitCast", {ints({1}, {1}).to(DType::kI16)}, {{"to", std::string("f16")}});
  });
}

TEST(Mod, FollowsTheDivisorUnlessFmod) {
  const Tensor a = ints({4}, {-7, 7, -7, INT64_MIN});
  const Tensor b = ints({4}, {3, -3, -3, -1});
  EXPECT_THAT(list<int64_t>(run("Mod", {a, b})), ElementsAre(2, -2, -1, 0));
  EXPECT_THAT(list<int64_t>(run("Mod", {a, b}, {{"fmod", int64_t{1}}})), ElementsAre(-1, 1, -1, 0));
  expect_error(ErrorCode::kInvalidArgument, "division by zero", [&] { run("Mod", {a, ints({1}, {0})}); });
  expect_error(ErrorCode::kInvalidArgument, "needs fmod=1", [] { run("Mod", {iota({1}), iota({1})}); });
}

TEST(Variadic, NaNWinsAndShapesBroadcast) {
  for (const char* op : {"Max", "Min"}) {
    const auto dst = values(run(op, {floats({3}, {1, NAN, 2}), floats({3}, {NAN, 0, 2})}));
    EXPECT_TRUE(std::isnan(dst[0]) && std::isnan(dst[1])) << op;
    EXPECT_EQ(dst[2], 2) << op;
  }
  EXPECT_EQ(run("Sum", {iota({2, 1}), iota({3}), iota({})}).shape(), Shape({2, 3}));
  EXPECT_THAT(values(run("Mean", {floats({2}, {1, 2}), floats({}, {5})})), ElementsAre(3, 3.5F));
  expect_error(ErrorCode::kInvalidArgument, "input 2 is i64[1]; it must be of type f32", [] {
    run("Max", {iota({1}), iota({1}), ints({1}, {1})});
  });
  expect_error(ErrorCode::kUnsupported, "i64", [] { run("Sum", {ints({1}, {1})}); });
}

}  // namespace
}  // namespace twofour::ops
