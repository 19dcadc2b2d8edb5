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
  EXPECT_NO_THROW(parse_json(std::string(depth, '[') + std::string(depth, ']'), "deep"));
}

}  // namespace
}  // namespace twofour
