// The reader of bench/shapes, and the files that lie there.
#include "sparse/shape_file.h"

#include <filesystem>
#include <set>

#include "base/errors.h"
#include "source_dir.h"
#include "sparse/problem.h"

namespace twofour::bench {
namespace {

TEST(ShapeFile, ReadsProductsAndConvolutions) {
  const ShapeFile file = parse_shapes(
      "# name M K N\n"
      "\n"
      "up  3072 768 1,128\r\n"
      "  # indented\n"
      "plain 4 9 8 6 3 3 2 1 5\n"
      "grouped 64 9 8 32 1 2 1 0 1 32",
      "test");
  ASSERT_EQ(file.gemms.size(), 1U);
  EXPECT_EQ(file.gemms[0].name, "up");
  EXPECT_EQ(file.gemms[0].m, 3072);
  EXPECT_EQ(file.gemms[0].k, 768);
  EXPECT_EQ(file.gemms[0].n, (std::vector<int64_t>{1, 128}));
  ASSERT_EQ(file.convs.size(), 2U);
  const ConvLayer& plain = file.convs[0];
  EXPECT_EQ(plain.name, "plain");
  EXPECT_EQ(plain.c, 4);
  EXPECT_EQ(plain.k, 6);
  EXPECT_EQ(plain.out_h(), 5);
  EXPECT_EQ(plain.out_w(), 4);
  EXPECT_EQ(plain.count, 5);
  EXPECT_EQ(plain.groups, 1);
  EXPECT_EQ(file.convs[1].s, 2);
  EXPECT_EQ(file.convs[1].groups, 32);
}

TEST(ShapeFile, BadLinesNameFileAndLine) {
  const auto expect_bad = [](const std::string& line, const std::string& why) {
    EXPECT_ERROR(parse_shapes("# first\n" + line + "\n", "shapes.txt"), kInvalidArgument,
                 "shapes.txt:2: " + why);
  };
  expect_bad("a 1 2", "3 words; a product has 4, a convolution 10 or 11");
  expect_bad("a 1 2 3 4", "5 words");
  expect_bad("a 1 2 3 4 5 6 7 8 9 10 11", "12 words");
  expect_bad("a 0 4 8", "\"0\" is not a whole number from 1");
  expect_bad("a 8 -4 8", "\"-4\" is not");
  expect_bad("a 8 4 1,,2", "\"\" is not");
  expect_bad("a 8 4 1,", "\"\" is not");
  expect_bad("a 8 4 1x", "\"1x\" is not");
  expect_bad("a 8 4.5 1", "\"4.5\" is not");
  expect_bad("a 99999999999999999999 4 1", "\"99999999999999999999\" is not");
  expect_bad("a 1048577 4 1", "\"1048577\" is not");
  expect_bad("a 1048576 1048576 1", "1048576 x 1048576 weights");
  expect_bad("a 4 8 8 4 3 3 0 1 1", "\"0\" is not");
  expect_bad("a 4 2 8 4 5 3 1 1 1", "a 5x3 filter does not fit a padded 2x8 image");
  expect_bad("a 6 8 8 4 3 3 1 1 1 4", "6 and 4 channels do not divide into 4 groups");
}

TEST(ShapeFile, NamesAreUnique) {
  EXPECT_ERROR(parse_shapes("a 4 4 1\na 8 8 1", "s"), kInvalidArgument, "s:2: \"a\" comes a second time");
}

TEST(ShapeFile, MissingFile) {
  EXPECT_ERROR(read_shapes("/nowhere/shapes.txt"), kNotFound, "/nowhere/shapes.txt");
}

TEST(ShapeFile, EveryFileOfTheBenchmark) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TWOFOUR_SOURCE_DIR "/bench/shapes")) {
    const ShapeFile file = read_shapes(entry.path());
    EXPECT_FALSE(file.gemms.empty() && file.convs.empty()) << entry.path();
    ++files;
  }
  const auto problems = list_problems(TWOFOUR_SOURCE_DIR "/bench/shapes", Precision::kF32, {}, false);
  std::set<std::string> suites;
  for (const Problem& p : problems) {
    suites.insert(p.suite);
    EXPECT_EQ(p.k % 4, 0) << p.suite << "/" << p.name << ": 2:4 needs a multiple of four";
  }
  EXPECT_EQ(suites.size(), files) << "a file that the benchmark does not run";
}

TEST(ShapeFile, LowerPrecisionsRunWhatIsStoredInF32) {
  const auto problems_at = [](Precision precision) {
    return list_problems(TWOFOUR_SOURCE_DIR "/bench/shapes", precision, {}, false);
  };
  size_t in_f32 = 0;
  for (const Problem& p : problems_at(Precision::kF32)) in_f32 += p.stored == DType::kF32;
  for (const auto& [precision, stored] :
       {std::pair(Precision::kBF16, DType::kBF16), std::pair(Precision::kInt8, DType::kI8)}) {
    const auto problems = problems_at(precision);
    EXPECT_EQ(problems.size(), in_f32);
    for (const Problem& p : problems) {
      EXPECT_EQ(p.precision, precision);
      EXPECT_EQ(p.stored, stored);
    }
  }
}

}  // namespace
}  // namespace twofour::bench
