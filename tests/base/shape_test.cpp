#include "base/shape.h"

#include "base/errors.h"

namespace twofour {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kBig = int64_t{1} << 40;

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape{}.numel(), 1);
  EXPECT_EQ((Shape{3, 5, 7}.numel()), 105);
  EXPECT_EQ((Shape{3, 0, 7}.numel()), 0);
  EXPECT_EQ((Shape{3, 5, 7, 2}.numel(1, 3)), 35);
  EXPECT_EQ((Shape{3, 5}.numel(1, 1)), 1);
}

TEST(Shape, TooManyElementsIsAnError) {
  EXPECT_EQ((Shape{int64_t{1} << 31, int64_t{1} << 31}.numel()), int64_t{1} << 62);
  EXPECT_ERROR((Shape{kBig, 1, kBig}.numel()), kResourceExhausted, "1099511627776x1x1099511627776");
}

TEST(Shape, StridesAreRowMajor) {
  EXPECT_THAT((Shape{8, 3, 5, 7}.strides()), ElementsAre(105, 35, 7, 1));
  EXPECT_THAT((Shape{4}.strides()), ElementsAre(1));
  EXPECT_THAT(Shape{}.strides(), IsEmpty());
  EXPECT_THAT((Shape{2, 0, 3}.strides()), ElementsAre(0, 3, 1));
  EXPECT_ERROR((Shape{0, kBig, kBig}.strides()), kResourceExhausted, "0x1099511627776x1099511627776");
}

TEST(Shape, Text) {
  EXPECT_EQ((Shape{8, 3, 32, 32}.to_string()), "8x3x32x32");
  EXPECT_EQ(Shape{}.to_string(), "scalar");
}

TEST(Shape, Broadcast) {
  EXPECT_EQ(broadcast_shapes({8, 1, 6, 1}, {7, 1, 5}), (Shape{8, 7, 6, 5}));
  EXPECT_EQ(broadcast_shapes({}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({2, 3}, {}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({0, 3}, {1, 1}), (Shape{0, 3}));
  EXPECT_ERROR(broadcast_shapes({2, 3}, {3, 2}), kInvalidArgument, "shapes 2x3 and 3x2 do not broadcast");
  EXPECT_ERROR(broadcast_shapes({0}, {2}), kInvalidArgument, "shapes 0 and 2 do not broadcast");
}

}  // namespace
}  // namespace twofour
