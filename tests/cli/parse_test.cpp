// Lists, names and numbers as they are typed.
#include "cli/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace twofour::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Parse, ShapesByName) {
  EXPECT_THAT(parse_shapes("a:8x3x32x32,b:scalar"),
              ElementsAre(Pair("a", Shape{8, 3, 32, 32}), Pair("b", Shape{})));
  EXPECT_THAT(parse_shapes(" a : 8x3 ,\tb:0x1 "),
              ElementsAre(Pair("a", Shape{8, 3}), Pair("b", Shape{0, 1})));
  EXPECT_THAT(parse_shapes("scope/input:0:1x3"), ElementsAre(Pair("scope/input:0", Shape{1, 3})));
  EXPECT_THAT(parse_shapes(""), IsEmpty());
}

TEST(Parse, QuotedNames) {
  for (const char* text : {R"("a:b,c":1x3)", "'a:b,c':1x3", R"( "a:b,c" : 1x3 )"})
    EXPECT_THAT(parse_shapes(text), ElementsAre(Pair("a:b,c", Shape{1, 3}))) << text;
  EXPECT_THAT(parse_shapes(R"('say "x"':1,"it's":2,don't:3)"),
              ElementsAre(Pair("don't", Shape{3}), Pair("it's", Shape{2}), Pair("say \"x\"", Shape{1})));
  EXPECT_THAT(parse_shapes("' a ':1"), ElementsAre(Pair(" a ", Shape{1})));
  EXPECT_THAT(parse_named_files("'in:0':c:/a.bin,b:\"x,y:z.npy\""),
              ElementsAre(Pair("b", "x,y:z.npy"), Pair("in:0:c", "/a.bin")));
  EXPECT_THAT(parse_named_files("'in:0':\"c:/a.bin\""), ElementsAre(Pair("in:0", "c:/a.bin")));
  EXPECT_THAT(parse_words("'a,b', c"), ElementsAre("a,b", "c"));
}

TEST(Parse, PairsKeepTheirOrder) {
  EXPECT_THAT(parse_named_words("conv*:fp32, 'a:b':int8,conv*:int8"),
              ElementsAre(Pair("conv*", "fp32"), Pair("a:b", "int8"), Pair("conv*", "int8")));
  EXPECT_ERROR(parse_named_words("conv1"), kInvalidArgument, "write name:word");
}

TEST(Parse, SaysWhatIsWrong) {
  EXPECT_ERROR(parse_shapes("1x3"), kInvalidArgument, "\"1x3\" is not a shape; write name:1x3x224x224");
  EXPECT_ERROR(parse_shapes(":1x3"), kInvalidArgument, "is not a shape");
  EXPECT_ERROR(parse_shapes("a:"), kInvalidArgument, "is not a shape");
  EXPECT_ERROR(parse_shapes("a:1,,b:2"), kInvalidArgument, "\"\" is not a shape");
  EXPECT_ERROR(parse_shapes("a:b,c:1"), kInvalidArgument, "\"b\" is not a whole number");
  EXPECT_ERROR(parse_shapes("'a:1"), kInvalidArgument, "a ' in 'a:1 is not closed");
  EXPECT_ERROR(parse_shapes("a:1,a:2"), kInvalidArgument, "\"a\" comes twice");
  EXPECT_ERROR(parse_shapes("a:1x-3"), kInvalidArgument, "shape 1x-3 has the size -3");
  EXPECT_ERROR(parse_shapes("a:1x99999999999999999999"), kInvalidArgument,
               "\"99999999999999999999\" is out of range");
  EXPECT_ERROR(parse_shapes("a:1e3"), kInvalidArgument, "\"1e3\" is not a whole number");
  EXPECT_ERROR(parse_named_files("a.bin"), kInvalidArgument, "is not a file for an input; write name:file");
  EXPECT_ERROR(parse_words("a,,b"), kInvalidArgument, "has an empty entry");
  EXPECT_ERROR(parse_floats("90,abc"), kInvalidArgument, "\"abc\" is not a number");
}

TEST(Parse, Numbers) {
  EXPECT_EQ(parse_number<int>(" +5 "), 5);
  EXPECT_EQ(parse_number<int64_t>("-7"), -7);
  EXPECT_EQ(parse_number<uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_number<double>("1e-3"), 1e-3);
  EXPECT_THAT(parse_floats("90, 95 ,99"), ElementsAre(90, 95, 99));
  EXPECT_ERROR(parse_number<uint32_t>("-1"), kInvalidArgument, "\"-1\" is not a whole number");
  EXPECT_ERROR(parse_number<int>("0x10"), kInvalidArgument, "is not a whole number");
  EXPECT_ERROR(parse_number<int>("+-5"), kInvalidArgument, "is not a whole number");
  EXPECT_ERROR(parse_number<int>("2147483648"), kInvalidArgument, "is out of range");
  EXPECT_ERROR(parse_number<double>("1e999"), kInvalidArgument, "is out of range");
  EXPECT_ERROR(parse_number<double>("1.5s"), kInvalidArgument, "is not a number");
  EXPECT_ERROR(parse_number<double>("nan"), kInvalidArgument, "\"nan\" is not a number");
  EXPECT_ERROR(parse_floats("0.5,-inf"), kInvalidArgument, "\"-inf\" is not a number");
}

}  // namespace
}  // namespace twofour::cli
