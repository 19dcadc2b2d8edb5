#include "sparsity/mask.h"

#include <cmath>
#include <limits>

#include "sparsity/verify.h"
#include "testing.h"

namespace twofour::sparsity {
namespace {

using Bools = std::vector<bool>;

struct Case {
  Shape shape;
  size_t axis;
};
const Case kCases[] = {
    {{4}, 0},          {{12}, 0},         {{5, 8}, 1},       {{8, 5}, 0},        {{3, 4, 5}, 1},
    {{7, 8, 3, 3}, 1}, {{4, 3, 3, 3}, 0}, {{2, 3, 5, 4}, 3}, {{1, 16, 1, 1}, 1}, {{2, 3, 8, 2, 3}, 2},
};

// For every block: all indices but the one along `axis` fixed, computed here by plain index arithmetic.
template <typename Fn>
void each_block(const Shape& shape, size_t axis, Fn&& fn) {
  const std::vector<int64_t> strides = shape.strides();
  for (int64_t i = 0; i < shape.numel(); ++i) {
    const int64_t along = i / strides[axis] % shape[axis];
    if (along % 4 != 0) continue;
    const auto at = [&](int64_t j) { return static_cast<size_t>(i + j * strides[axis]); };
    fn(std::array<size_t, 4>{at(0), at(1), at(2), at(3)});
  }
}

TEST(MagnitudeMask, KeepsTheBestOfTheSixPatternsOfEveryBlock) {
  constexpr int kPatterns[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
  for (const auto& [shape, axis] : kCases)
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64}) {
      SCOPED_TRACE(fmt::format("{} axis {} {}", shape.to_string(), axis, dtype_name(dtype)));
      const Tensor weight = random_tensor(shape, 11, dtype);
      const Tensor mask = magnitude_mask(weight, axis);
      const Tensor f32 = weight.to(DType::kF32);
      const auto w = f32.span<float>();
      const auto m = mask.span<bool>();
      each_block(shape, axis, [&](const auto& block) {
        double kept = 0;
        int count = 0;
        for (const size_t i : block)
          if (m[i]) {
            kept += std::fabs(w[i]);
            ++count;
          }
        double best = 0;
        for (const auto& p : kPatterns)
          best = std::max(best, std::fabs(static_cast<double>(w[block[static_cast<size_t>(p[0])]])) +
                                    std::fabs(static_cast<double>(w[block[static_cast<size_t>(p[1])]])));
        ASSERT_EQ(count, 2);
        ASSERT_DOUBLE_EQ(kept, best);
      });
      EXPECT_EQ(count_violations(masked(weight, mask), axis).count, 0);
      EXPECT_EQ(zero_fraction(masked(weight, mask)), 0.5);
    }
}

TEST(MagnitudeMask, KeepsTheLowerIndexOfEquals) {
  const auto mask = [](std::vector<float> block) { return bools(magnitude_mask(floats({4}, block), 0)); };
  EXPECT_EQ(mask({1, 1, 1, 1}), (Bools{true, true, false, false}));
  EXPECT_EQ(mask({0, 0, 0, 0}), (Bools{true, true, false, false}));
  EXPECT_EQ(mask({1, -1, 2, 1}), (Bools{true, false, true, false}));
  EXPECT_EQ(mask({0, 0, 0, 3}), (Bools{true, false, false, true}));
  EXPECT_EQ(mask({0, 5, 0, 0}), (Bools{true, true, false, false}));
  EXPECT_EQ(mask({1, 2, 2, 2}), (Bools{false, true, true, false}));
  EXPECT_EQ(mask({-0.0F, 0, 1, 2}), (Bools{false, false, true, true}));
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(mask({inf, 1, -inf, inf}), (Bools{true, false, true, false}));
}

TEST(MagnitudeMask, RunsAlongChannelsAtFixedTaps) {
  // [1,4,3,3] where channels 1 and 3 are large: flattening C,R,S would mix taps and keep other values.
  Tensor weight(DType::kF32, {1, 4, 3, 3});
  const auto w = weight.span<float>();
  for (size_t c = 0; c < 4; ++c)
    for (size_t tap = 0; tap < 9; ++tap) w[c * 9 + tap] = c % 2 ? 10.F + static_cast<float>(tap) : 1.F;
  const Tensor mask = magnitude_mask(weight, 1);
  const auto m = mask.span<bool>();
  for (size_t c = 0; c < 4; ++c)
    for (size_t tap = 0; tap < 9; ++tap) EXPECT_EQ(m[c * 9 + tap], c % 2 == 1) << c << ' ' << tap;
}

TEST(MagnitudeMask, RefusesWhatItCannotRank) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Tensor weight(DType::kF32, {2, 4, 3});
  weight.span<float>()[12 + 3 + 2] = nan;
  expect_error([&] { magnitude_mask(weight, 1); }, ErrorCode::kInvalidArgument,
               "the weight is NaN at [1,1,2]");
  expect_error([&] { magnitude_mask(weight.to(DType::kBF16), 1); }, ErrorCode::kInvalidArgument,
               "NaN at [1,1,2]");
  expect_error(
      [] {
        magnitude_mask(Tensor(DType::kF32, {4, 6}), 1);
      },
      ErrorCode::kInvalidArgument, "blocks of four do not fit axis 1 of shape 4x6");
  expect_error([] { magnitude_mask(Tensor(DType::kF32, {4}), 1); }, ErrorCode::kInvalidArgument, "axis 1");
  expect_error([] { magnitude_mask(Tensor(DType::kU8, {4}), 0); }, ErrorCode::kInvalidArgument,
               "cannot rank u8");
  expect_error([] { masked(Tensor(DType::kF32, {4}), Tensor(DType::kBool, {8})); },
               ErrorCode::kInvalidArgument, "a mask of shape 8 does not fit a weight of 4");
}

TEST(MaskFromZeros, ReturnsThePatternOfAPrunedWeight) {
  for (const auto& [shape, axis] : kCases) {
    const Tensor weight = random_tensor(shape, 5);
    const Tensor mask = magnitude_mask(weight, axis);
    EXPECT_EQ(bools(mask_from_zeros(masked(weight, mask), axis)), bools(mask)) << shape.to_string();
  }
}

TEST(MaskFromZeros, CompletesDegenerateBlocks) {
  const Tensor weight = floats({1, 12}, {0, 0, 0, -0.0F, 0, 0, 7, 0, -0.0F, -1, 0, 2});
  EXPECT_EQ(bools(mask_from_zeros(weight, 1)), (Bools{true, true, false, false, true, false, true, false,  //
                                                      false, true, false, true}));
}

TEST(MaskFromZeros, NamesTheFirstOffendingBlock) {
  Tensor weight(DType::kF16, {2, 8, 3, 3});
  // Index [1, 4..6, 2, 0].
  for (size_t c = 4; c < 7; ++c) weight.span<f16>()[72 + c * 9 + 6] = to_f16(1);
  expect_error([&] { mask_from_zeros(weight, 1); }, ErrorCode::kFailedPrecondition,
               "not 2:4 along axis 1: 1 of 36 blocks have more than two non-zeros, the first at [1,4,2,0]");
}

TEST(Masked, WritesPlusZeroAndLeavesTheInputAlone) {
  const Tensor weight = floats({4}, {-1, -2, -3, -4});
  const Tensor result = masked(weight, magnitude_mask(weight, 0));
  EXPECT_THAT(result.span<float>(), testing::ElementsAre(0, 0, -3, -4));
  EXPECT_FALSE(std::signbit(result.span<float>()[0]));
  EXPECT_EQ(weight.span<float>()[0], -1);
}

TEST(CountViolations, CountsNanAsNonZeroAndMinusZeroAsZero) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(count_violations(floats({4}, {nan, 1, 1, 0}), 0).count, 1);
  const Violations found = count_violations(floats({2, 4}, {1, -0.0F, 2, -0.0F, 1, 2, 3, 4}), 1);
  EXPECT_EQ(found.blocks, 2);
  EXPECT_EQ(found.count, 1);
  EXPECT_THAT(found.first, testing::ElementsAre(1, 0));
}

}  // namespace
}  // namespace twofour::sparsity
