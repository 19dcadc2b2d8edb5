#include "base/json.h"

#include "base/errors.h"

namespace twofour {
namespace {

TEST(Json, KeysKeepTheirOrder) {
  const Json json = parse_json(R"({"b": 1, "a": [true, null, -2.5e3], "c": "\u00e9"})", "report.json");
  EXPECT_EQ(json.dump(), R"({"b":1,"a":[true,null,-2500.0],"c":"é"})");
}

TEST(Json, BadTextIsAnErrorThatNamesTheSource) {
  for (const std::string_view text :
       {"", " ", "{", "{\"a\":}", "[1,]", "nul", "1e999", "\"\xff\"", "{} {}", "\"\n\""})
    EXPECT_ERROR(parse_json(text, "a.engine"), kDataCorrupt, "a.engine is not valid JSON");
}

TEST(Json, DeepNestingDoesNotOverflowTheStack) {
  const size_t depth = 1000000;
  EXPECT_ERROR(parse_json(std::string(depth, '['), "deep"), kDataCorrupt, "deep is not valid JSON");
  EXPECT_ERROR(parse_json(std::string(depth, '[') + std::string(depth, ']'), "deep"), kDataCorrupt,
               "nested deeper than 256");
  EXPECT_NO_THROW(parse_json(std::string(256, '[') + "\"\\\"[[[{{{\"" + std::string(256, ']'), "deep"));
}

TEST(Json, IntegersAreWholeAndFit) {
  const auto value = [](const char* text) { return parse_json(text, "test"); };
  EXPECT_EQ(get_integer<int64_t>(value("-9223372036854775808")), INT64_MIN);
  EXPECT_EQ(get_integer<uint64_t>(value("18446744073709551615")), UINT64_MAX);
  EXPECT_EQ(get_integers<int>(value("[-1, 2147483647]")), (std::vector<int>{-1, INT32_MAX}));
  EXPECT_ERROR(get_integer<size_t>(value("-1")), kDataCorrupt, "-1 is not a whole number");
  EXPECT_ERROR(get_integer<int64_t>(value("9223372036854775808")), kDataCorrupt, "not a whole number");
  EXPECT_ERROR(get_integer<int>(value("2147483648")), kDataCorrupt, "not a whole number");
  EXPECT_ERROR(get_integer<uint8_t>(value("256")), kDataCorrupt, "not a whole number");
  EXPECT_ERROR(get_integer<int>(value("1.0")), kDataCorrupt, "1.0 is not a whole number");
  EXPECT_ERROR(get_integer<int>(value("true")), kDataCorrupt, "true is not a whole number");
  EXPECT_ERROR(get_integers<int>(value("{}")), kDataCorrupt, "not a list");
}

}  // namespace
}  // namespace twofour
