// What is written to JSON is read back bit for bit.
#include "base/json_exact.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/errors.h"
#include "base/rng.h"

namespace twofour {
namespace {

float read_back(float value) { return float_from_json(parse_json(float_to_json(value).dump(), "test")); }

TEST(JsonExact, EveryFloatKeepsItsBits) {
  Rng rng(11);
  std::vector<uint32_t> patterns = {0,          0x80000000, 1,          0x80000001, 0x007fffff,
                                    0x00800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
                                    0xffc00000, 0x7f800001, 0xffffffff};
  for (int i = 0; i < 100000; ++i) patterns.push_back(static_cast<uint32_t>(rng.next()));
  for (int i = 0; i < 1000; ++i) patterns.push_back(0x7f800000 | static_cast<uint32_t>(rng.next()));
  for (const uint32_t bits : patterns)
    ASSERT_EQ(std::bit_cast<uint32_t>(read_back(std::bit_cast<float>(bits))), bits) << std::hex << bits;
}

TEST(JsonExact, FiniteFloatsStayNumbers) {
  EXPECT_EQ(float_to_json(0.5F).dump(), "0.5");
  EXPECT_EQ(float_to_json(-INFINITY).dump(), "\"0xff800000\"");
}

TEST(JsonExact, OtherThingsAreNoFloats) {
  for (const char* text : {"null", "true", "[1]", "\"\"", "\"inf\"", "\"0x7f80000\"", "\"0x7f8000000\"",
                           "1e39", "\"0x3f800000\"", "\"0x7f80000g\""})
    EXPECT_ERROR(float_from_json(parse_json(text, "test")), kDataCorrupt, "is not a float");
}

TEST(JsonExact, EveryTextKeepsItsBytes) {
  Rng rng(12);
  std::vector<std::string> texts = {
      "", "plain", "\"\\\n", "\xc3\xa9", "\xff", "a\xc3", std::string("\0%,|", 4)};
  for (int i = 0; i < 2000; ++i) {
    std::string& text = texts.emplace_back();
    for (uint64_t n = rng.below(8); n > 0; --n) text += static_cast<char>(rng.below(256));
  }
  for (const std::string& text : texts)
    ASSERT_EQ(text_from_json(parse_json(text_to_json(text).dump(), "test")), text);
  EXPECT_EQ(text_to_json("\xc3\xa9").dump(), "\"\xc3\xa9\"");
  EXPECT_ERROR(text_from_json(Json(1)), kDataCorrupt, "not a list");
  EXPECT_ERROR(text_from_json(parse_json("[256]", "test")), kDataCorrupt, "not a whole number");
}

}  // namespace
}  // namespace twofour
