#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace twofour {
namespace {

TEST(Half, EveryF16RoundTrips) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const f16 value{static_cast<uint16_t>(bits)};
    const float wide = to_float(value);
    if (std::isnan(wide)) EXPECT_TRUE(std::isnan(to_float(to_f16(wide))));
    else EXPECT_EQ(to_f16(wide).bits, bits);
  }
}

TEST(Half, ArraysAgreeWithScalars) {
  std::vector<float> src;
  for (uint32_t i = 0; i < 70001; ++i) src.push_back(std::bit_cast<float>(i * 61357u));
  std::vector<f16> dst(src.size());
  convert(src, dst);
  for (size_t i = 0; i < src.size(); ++i) EXPECT_EQ(dst[i].bits, to_f16(src[i]).bits) << src[i];
}

TEST(Half, ArraysOfEveryLengthAndAlignmentAgreeWithScalars) {
  std::vector<f16> halves(40);
  for (size_t i = 0; i < halves.size(); ++i) halves[i].bits = static_cast<uint16_t>(i * 1657);
  for (size_t offset = 0; offset < 3; ++offset) {
    for (size_t n = 0; n <= 33; ++n) {
      std::vector<float> wide(n + 1, -1.0F);
      convert(std::span(halves).subspan(offset, n), std::span(wide).first(n));
      std::vector<f16> back(n + offset + 1, f16{1});
      convert(std::span<const float>(wide).first(n), std::span(back).subspan(offset, n));
      for (size_t i = 0; i < n; ++i) {
        const float expected = to_float(halves[i + offset]);
        EXPECT_EQ(std::bit_cast<uint32_t>(wide[i]), std::bit_cast<uint32_t>(expected));
        EXPECT_EQ(back[i + offset], to_f16(expected));
      }
      EXPECT_EQ(wide[n], -1.0F);
      EXPECT_EQ(back[n + offset], f16{1});
    }
  }
}

TEST(Half, Bf16ArraysAgreeWithScalars) {
  std::vector<float> src;
  for (uint32_t i = 0; i < 70001; ++i) src.push_back(std::bit_cast<float>(i * 61357u));
  std::vector<bf16> dst(src.size());
  convert(src, dst);
  std::vector<float> back(src.size());
  convert(dst, back);
  for (size_t i = 0; i < src.size(); ++i) {
    EXPECT_EQ(dst[i], to_bf16(src[i]));
    EXPECT_EQ(std::isnan(back[i]), std::isnan(src[i]));
    if (std::isnormal(src[i]) && std::isfinite(back[i])) {
      EXPECT_LE(std::abs(back[i] - src[i]), std::abs(src[i]) * 0x1p-8F);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(to_f16(1.0F + 0x1p-11F).bits, to_f16(1.0F).bits);
  EXPECT_EQ(to_f16(1.0F + 0x1.8p-10F).bits, to_f16(1.0F + 0x1p-9F).bits);
  EXPECT_EQ(to_f16(65520.0F).bits, 0x7c00);
  EXPECT_EQ(to_f16(65519.0F).bits, 0x7bff);
  EXPECT_EQ(to_bf16(1.0F + 0x1p-8F).bits, to_bf16(1.0F).bits);
}

}  // namespace
}  // namespace twofour
