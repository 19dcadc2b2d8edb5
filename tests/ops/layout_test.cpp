// Ops that lay data out anew: values by hand, and what they refuse.
#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;

TEST(Tile, RepeatsEveryAxis) {
  EXPECT_EQ(values(run("Tile", {floats({2, 1}, {1, 2}), ints({2}, {2, 3})})),
            (Floats{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  expect_error(ErrorCode::kInvalidArgument, "repeats are [1,-1]", [] {
    run("Tile", {iota({2, 1}), ints({2}, {1, -1})});
  });
  expect_error(ErrorCode::kResourceExhausted, "", [] {
    run("Tile", {iota({2, 1}), ints({2}, {int64_t{1} << 61, 8})});
  });
}

TEST(Trilu, KeepsOneSideOfTheDiagonal) {
  const auto trilu = [](int64_t k, int64_t upper) {
    return values(run("Trilu", {floats({2, 3}, {1, 2, 3, 4, 5, 6}), ints({}, {k})}, {{"upper", upper}}));
  };
  EXPECT_EQ(trilu(0, 1), (Floats{1, 2, 3, 0, 5, 6}));
  EXPECT_EQ(trilu(1, 1), (Floats{0, 2, 3, 0, 0, 6}));
  EXPECT_EQ(trilu(-1, 0), (Floats{0, 0, 0, 4, 0, 0}));
  EXPECT_EQ(trilu(std::numeric_limits<int64_t>::max(), 0), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(trilu(std::numeric_limits<int64_t>::min(), 0), (Floats{0, 0, 0, 0, 0, 0}));
}

TEST(DepthToSpace, ChannelsBecomePixelsInEitherOrder) {
  const Tensor src = iota({1, 8, 1, 1});
  const auto space = [&](const char* mode) {
    return values(run("DepthToSpace", {src}, {{"blocksize", int64_t{2}}, {"mode", std::string(mode)}}));
  };
  EXPECT_EQ(space("DCR"), (Floats{0, 2, 4, 6, 1, 3, 5, 7}));
  EXPECT_EQ(space("CRD"), (Floats{0, 1, 2, 3, 4, 5, 6, 7}));
  expect_error(ErrorCode::kInvalidArgument, "size 8 does not divide by 9", [&] {
    run("DepthToSpace", {src}, {{"blocksize", int64_t{3}}});
  });
  for (const int64_t block : {int64_t{0}, int64_t{1} << 40})
    expect_error(ErrorCode::kInvalidArgument, "blocksize is", [&] {
      run("SpaceToDepth", {src}, {{"blocksize", block}});
    });
}

TEST(ReverseSequence, EveryItemHasItsLength) {
  EXPECT_EQ(values(run("ReverseSequence", {iota({3, 2}), ints({2}, {3, 2})})), (Floats{4, 3, 2, 1, 0, 5}));
  expect_error(ErrorCode::kInvalidArgument, "a sequence length is 4; it must be in [0, 3]", [] {
    run("ReverseSequence", {iota({3, 2}), ints({2}, {4, 2})});
  });
  expect_error(ErrorCode::kInvalidArgument, "batch_axis and time_axis are both 0", [] {
    run("ReverseSequence", {iota({3, 2}), ints({3}, {1, 1, 1})}, {{"batch_axis", int64_t{0}}});
  });
}

TEST(CenterCropPad, TheOddElementIsTheLast) {
  EXPECT_EQ(values(run("CenterCropPad", {iota({4}), ints({1}, {1})})), Floats{1});
  EXPECT_EQ(values(run("CenterCropPad", {floats({2}, {1, 2}), ints({1}, {5})})), (Floats{0, 1, 2, 0, 0}));
  expect_error(ErrorCode::kInvalidArgument, "shape is i64[2]; i64[1] is expected", [] {
    run("CenterCropPad", {iota({4}), ints({2}, {1, 1})});
  });
}

TEST(Col2Im, OverlapsAdd) {
  // Blocks of 2 at 0, 1 and 2 of an image of 4.
  EXPECT_EQ(values(run("Col2Im", {floats({1, 2, 3}, {1, 2, 3, 10, 20, 30}), ints({1}, {4}), ints({1}, {2})})),
            (Floats{1, 12, 23, 30}));
  expect_error(ErrorCode::kInvalidArgument, "src has 2 blocks; 3 fit the image", [] {
    run("Col2Im", {iota({1, 2, 2}), ints({1}, {4}), ints({1}, {2})});
  });
  expect_error(ErrorCode::kInvalidArgument, "a block of 5 does not fit an image of 4", [] {
    run("Col2Im", {iota({1, 5, 1}), ints({1}, {4}), ints({1}, {5})});
  });
  expect_error(ErrorCode::kInvalidArgument, "strides must be at least 1, got 0", [] {
    run("Col2Im", {iota({1, 2, 3}), ints({1}, {4}), ints({1}, {2})}, {{"strides", Ints{0}}});
  });
}

}  // namespace
}  // namespace twofour::ops
