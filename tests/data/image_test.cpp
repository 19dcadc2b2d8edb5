#include "data/image.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/errors.h"
#include "data/files.h"

namespace twofour::data {
namespace {

/// One pixel straight from the definition: all source pixels, weighted by both triangles.
double slow_bilinear(const Image& src, int64_t height, int64_t width, int64_t y, int64_t x, int64_t c) {
  const double sy = double(src.height) / double(height), sx = double(src.width) / double(width);
  double sum = 0, weights = 0;
  for (int64_t v = 0; v < src.height; ++v) {
    for (int64_t u = 0; u < src.width; ++u) {
      const double wy = 1 - std::abs(v + 0.5 - (y + 0.5) * sy) / std::max(sy, 1.0);
      const double wx = 1 - std::abs(u + 0.5 - (x + 0.5) * sx) / std::max(sx, 1.0);
      if (wy <= 0 || wx <= 0) continue;
      sum += wy * wx * src.pixels[(v * src.width + u) * src.channels + c];
      weights += wy * wx;
    }
  }
  return sum / weights;
}

TEST(Image, ResizeAgreesWithTheDefinition) {
  const int64_t sizes[][4] = {{7, 5, 3, 11}, {32, 32, 224, 50}, {33, 47, 16, 16},
                              {5, 5, 5, 9},  {1, 1, 4, 3},      {40, 3, 1, 1}};
  for (const auto& [h, w, to_h, to_w] : sizes) {
    for (const int64_t channels : {1, 3}) {
      const Image src = random_image(h, w, channels, 7);
      const Image dst = resize_bilinear(src, to_h, to_w);
      for (int64_t y = 0; y < to_h; ++y)
        for (int64_t x = 0; x < to_w; ++x)
          for (int64_t c = 0; c < channels; ++c)
            ASSERT_NEAR(dst.pixels[(y * to_w + x) * channels + c], slow_bilinear(src, to_h, to_w, y, x, c),
                        0.51)
                << h << "x" << w << " to " << to_h << "x" << to_w << " at " << y << "," << x;
    }
  }
}

TEST(Image, ResizeToTheSameSizeChangesNothing) {
  const Image src = random_image(9, 13, 3, 1);
  EXPECT_EQ(resize_bilinear(src, 9, 13).pixels, src.pixels);
}

TEST(Image, FitTakesTheCentre) {
  Image wide(2, 6, 1);
  wide.pixels = {0, 1, 20, 30, 4, 5, 6, 7, 80, 90, 10, 11};
  EXPECT_EQ(fit_image(wide, 2, 2).pixels, (std::vector<uint8_t>{20, 30, 80, 90}));
}

// Offsets that torchvision's CenterCrop gives: round((size - crop) / 2), a half to the even number.
TEST(Image, CentresAsTorchvisionDoes) {
  for (const auto& [size, first] : {std::pair{3, 0}, {4, 1}, {5, 2}, {7, 2}, {9, 4}, {11, 4}}) {
    Image row(2, size, 1);
    for (int64_t i = 0; i < 2 * size; ++i) row.pixels[i] = static_cast<uint8_t>(10 * (i % size));
    EXPECT_EQ(fit_image(row, 2, 2).pixels[0], 10 * first) << size;
  }
}

// torchvision's Resize(8) makes of 53x37 the size 11x8: the longer side is rounded down.
TEST(Image, TheLongerSideIsRoundedDown) {
  const Image src = random_image(53, 37, 3, 3);
  const Image whole = resize_bilinear(src, 11, 8);
  const Image fitted = fit_image(src, 8, 8);
  for (size_t i = 0; i < fitted.pixels.size(); ++i) ASSERT_EQ(fitted.pixels[i], whole.pixels[2 * 24 + i]);
  const Image tall = fit_image(src, 4, 4, 8);
  for (size_t y = 0; y < 4; ++y)
    for (size_t i = 0; i < 12; ++i) ASSERT_EQ(tall.pixels[12 * y + i], whole.pixels[(y + 4) * 24 + 6 + i]);
}

TEST(Image, FitIsAWindowOfTheWholeResize) {
  const Image src = random_image(30, 50, 3, 3);
  const Image whole = resize_bilinear(src, 24, 40);
  const Image fitted = fit_image(src, 21, 21, 24);
  ASSERT_EQ(fitted.pixels.size(), 21u * 21 * 3);
  for (int64_t y = 0; y < 21; ++y)
    for (int64_t i = 0; i < 21 * 3; ++i)
      ASSERT_EQ(fitted.pixels[y * 21 * 3 + i], whole.pixels[((y + 2) * 40 + 10) * 3 + i]) << y << " " << i;
}

TEST(Image, BadSizesAreErrors) {
  const Image src = random_image(4, 4, 3, 1);
  EXPECT_ERROR(resize_bilinear(src, 0, 4), kInvalidArgument, "cannot resize an image to 0x4");
  EXPECT_ERROR(resize_bilinear(Image(), 4, 4), kInvalidArgument, "empty image");
  EXPECT_ERROR(fit_image(src, 2, 5, 4), kInvalidArgument, "resized to 4, which does not cover the 2x5");
  EXPECT_ERROR(fit_image(src, -2, 2), kInvalidArgument, "-2x2");
  EXPECT_ERROR(convert_channels(src, 4), kInvalidArgument, "4 were asked for");
}

TEST(Image, ChannelConversions) {
  Image rgb(1, 2, 3);
  rgb.pixels = {255, 0, 0, 10, 20, 30};
  EXPECT_EQ(convert_channels(rgb, 1).pixels, (std::vector<uint8_t>{76, 18}));
  Image grey(1, 2, 1);
  grey.pixels = {7, 9};
  EXPECT_EQ(convert_channels(grey, 3).pixels, (std::vector<uint8_t>{7, 7, 7, 9, 9, 9}));
  std::vector<uint8_t> planes(6);
  to_planes(rgb, planes);
  EXPECT_EQ(planes, (std::vector<uint8_t>{255, 10, 0, 20, 0, 30}));
}

TEST(Image, UnitFloatsAreExactQuotients) {
  const std::vector<uint8_t> src = {0, 1, 127, 254, 255};
  std::vector<float> dst(5);
  to_unit_floats(src, dst);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(dst[i], static_cast<float>(src[i]) / 255.0F);
}

}  // namespace
}  // namespace twofour::data
