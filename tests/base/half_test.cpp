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
  for (size_t i = 0; i < src.size(); ++i)
    EXPECT_EQ(dst[i].bits & 0x7fff, to_f16(src[i]).bits & 0x7fff) << src[i];
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
