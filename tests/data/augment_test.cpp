#include "data/augment.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "base/errors.h"

namespace twofour::data {
namespace {

std::vector<float> counting(const Shape& shape) {
  std::vector<float> image(static_cast<size_t>(shape.numel()));
  std::iota(image.begin(), image.end(), 1.0F);
  return image;
}

TEST(Augment, FlipMirrorsEveryRow) {
  const Shape shape{2, 2, 3};
  std::vector<float> image = counting(shape);
  flip_horizontal(image, shape);
  EXPECT_EQ(image, (std::vector<float>{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}));
}

TEST(Augment, ShiftAgreesWithTheDefinition) {
  const Shape shape{2, 3, 4};
  const std::vector<float> src = counting(shape);
  for (int64_t dy = -4; dy <= 4; ++dy) {
    for (int64_t dx = -6; dx <= 6; ++dx) {
      std::vector<float> dst(src.size(), -1.0F);
      shift_image(src, dst, shape, dy, dx);
      for (int64_t c = 0; c < 2; ++c)
        for (int64_t y = 0; y < 3; ++y)
          for (int64_t x = 0; x < 4; ++x) {
            const bool inside = y + dy >= 0 && y + dy < 3 && x + dx >= 0 && x + dx < 4;
            EXPECT_EQ(dst[(c * 3 + y) * 4 + x], inside ? src[(c * 3 + y + dy) * 4 + x + dx] : 0.0F)
                << dy << "," << dx << " at " << c << "," << y << "," << x;
          }
    }
  }
}

TEST(Augment, NormaliseIsExact) {
  const Shape shape{2, 1, 2};
  std::vector<float> image = {0.25F, 1.0F, 0.5F, 0.0F};
  const std::vector<float> mean = {0.485F, 0.25F}, std = {0.229F, 0.3F};
  normalise(image, shape, mean, std);
  EXPECT_EQ(image, (std::vector<float>{(0.25F - 0.485F) / 0.229F, (1.0F - 0.485F) / 0.229F,
                                       (0.5F - 0.25F) / 0.3F, (0.0F - 0.25F) / 0.3F}));
  EXPECT_ERROR(normalise(image, shape, std::span(mean).first(1), std), kInvalidArgument, "got 1 and 2");
  const std::vector<float> zero = {1.0F, 0.0F};
  EXPECT_ERROR(normalise(image, shape, mean, zero), kInvalidArgument, "channel 1 is 0");
}

TEST(Augment, NothingOnDrawsNothing) {
  const Shape shape{1, 4, 4};
  std::vector<float> image = counting(shape);
  Rng rng(5);
  augment(image, shape, {}, rng);
  EXPECT_EQ(image, counting(shape));
  EXPECT_EQ(rng.state(), Rng(5).state());
}

TEST(Augment, EveryPlaceAndSideComesUpEquallyOften) {
  const Shape shape{1, 5, 5};
  const std::vector<float> src = counting(shape);
  std::map<std::vector<float>, int> seen;
  for (uint64_t i = 0; i < 9000; ++i) {
    std::vector<float> image = src;
    Rng rng = Rng::stream(3, i);
    augment(image, shape, {.flip = true, .crop_padding = 1}, rng);
    ++seen[image];
  }
  ASSERT_EQ(seen.size(), 18u);  // 3 x 3 places, mirrored or not
  for (const auto& [image, count] : seen) EXPECT_NEAR(count, 500, 110);
  for (int64_t dy = -1; dy <= 1; ++dy) {
    for (int64_t dx = -1; dx <= 1; ++dx) {
      std::vector<float> image(src.size());
      shift_image(src, image, shape, dy, dx);
      EXPECT_TRUE(seen.contains(image));
      flip_horizontal(image, shape);
      EXPECT_TRUE(seen.contains(image));
    }
  }
}

}  // namespace
}  // namespace twofour::data
