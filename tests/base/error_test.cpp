#include "base/error.h"

#include <set>

#include "base/errors.h"

namespace twofour {
namespace {

TEST(Error, CheckBuildsItsMessageOnFailureOnly) {
  int built = 0;
  const auto describe = [&] { return ++built; };
  TWOFOUR_CHECK(true, kNotFound, "{}", describe());
  EXPECT_EQ(built, 0);
  EXPECT_ERROR(TWOFOUR_CHECK(false, kNotFound, "tensor {} of {}", describe(), "conv1"), kNotFound,
               "tensor 1 of conv1");
}

TEST(Error, AssertNamesPlaceAndCondition) {
  const Error error = error_of([] { TWOFOUR_ASSERT(1 + 1 == 3, "sum is {}", 2); });
  EXPECT_EQ(error.code(), ErrorCode::kInternal);
  EXPECT_THAT(error.what(), testing::MatchesRegex(
                                "internal error at .*error_test.cpp:[0-9]+: sum is 2 \\(1 \\+ 1 == 3\\)"));
}

TEST(Error, AssertNeedsNoMessage) { EXPECT_ERROR(TWOFOUR_ASSERT(false), kInternal, "(false)"); }

TEST(Error, ContextIsAppendedInnermostFirst) {
  const auto inner = [] { fail(ErrorCode::kUnsupported, "pads are negative"); };
  const auto middle = [&] { with_context([] { return "reading node conv1 (Conv)"; }, inner); };
  const Error error = error_of([&] { with_context([] { return "importing a.onnx"; }, middle); });
  EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
  EXPECT_STREQ(error.what(), "pads are negative; while reading node conv1 (Conv); while importing a.onnx");
}

TEST(Error, ContextIsFreeOnSuccess) {
  int called = 0;
  int value = 3;
  int& result = with_context([&] { return std::to_string(++called); }, [&]() -> int& { return value; });
  EXPECT_EQ(&result, &value);
  EXPECT_EQ(called, 0);
}

TEST(Error, ContextPassesOtherExceptionsThrough) {
  EXPECT_THROW(with_context([] { return "x"; }, [] { throw std::out_of_range("y"); }), std::out_of_range);
}

TEST(Error, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code)
    names.insert(error_code_name(static_cast<ErrorCode>(code)));
  EXPECT_EQ(names.size(), 9U);
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace twofour
