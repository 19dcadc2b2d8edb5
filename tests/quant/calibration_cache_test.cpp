#include "quant/calibration_cache.h"

#include <fstream>
#include <set>

#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "support/temporary_path.h"
#include "testing.h"

namespace twofour::quant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CalibrationCache, ReadsTensorRt) {
  const Magnitudes found = parse_calibration(
      "TRT-8601-EntropyCalibration2\r\nimages: 3b66eddc\n(Unnamed Layer* 3) [Conv]_output: 3c010204\n"
      "a: b: 00000000\n",
      "cache");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_NEAR(found.at("images"), 0.4475, 1e-4);
  EXPECT_NEAR(found.at("(Unnamed Layer* 3) [Conv]_output"), 1, 1e-4);
  EXPECT_EQ(found.at("a: b"), 0);
}

TEST(CalibrationCache, ReadsOnnxRuntime) {
  const Magnitudes found = parse_calibration("conv 1 1.25\n476 3.5e-05\nlog -0.25\n", "cache");
  ASSERT_EQ(found.size(), 2u) << "of what is never positive nothing is known";
  EXPECT_EQ(found.at("conv 1"), 1.25F);
  EXPECT_EQ(found.at("476"), 3.5e-5F);
}

TEST(CalibrationCache, IsReadAsItWasWritten) {
  const TensorRanges ranges = {{"a: b", {-1.5F, 0.5F, 0}}, {"relu", {0, 6, 0}}, {"zero", {0, 0, 0}}};
  const std::string text = calibration_text(ranges);
  EXPECT_THAT(text, ::testing::StartsWith("TRT-8601-EntropyCalibration2\na: b: 3c4"));
  const Magnitudes found = parse_calibration(text, "cache");
  EXPECT_FLOAT_EQ(found.at("a: b"), 1.5F);
  EXPECT_FLOAT_EQ(found.at("relu"), 6);
  EXPECT_EQ(found.at("zero"), 0);
}

TEST(CalibrationCache, NamesTheLineThatIsWrong) {
  const auto refused = [](const std::string& text, const std::string& expected) {
    EXPECT_ERROR(parse_calibration(text, "cache"), kDataCorrupt, expected);
  };
  const std::string header = "TRT-8601-EntropyCalibration2\n";
  refused("", "cache is empty");
  refused(header, "cache names no tensor");
  refused("TRT-EntropyCalibration2\na: 3b66eddc\n", "cache:1: expected a header like TRT-8601-");
  refused("TRT-8601\na: 3b66eddc\n", "cache:1: expected a header");
  refused(header + "a: 3b66eddc\nb: 3b66", "cache:3: expected \"name: \" and the eight hexadecimal digits");
  refused(header + "a: 3b66eddg\n", "cache:2: expected");
  refused(header + "a 3b66eddc\n", "cache:2: expected");
  refused(header + ": 3b66eddc\n", "cache:2: expected");
  refused(header + "a: 7fc00000\n", "cache:2: the magnitude of \"a\" is nan");
  refused(header + "a: 7f7fffff\n", "cache:2: the magnitude of \"a\" is inf");
  refused(header + "a: bf800000\n", "cache:2: the magnitude of \"a\" is -127");
  refused(header + "a: 3b66eddc\n\na: 3b66eddc\n", "cache:4: \"a\" comes twice");
  refused("a 1.5\nb\n", "cache:2: expected a name, a blank and a magnitude, got \"b\"");
  refused("a 1.5x\n", "cache:1: expected a name");
  refused("a inf\n", "the magnitude of \"a\" is inf");
}

TEST(CalibrationCache, MayNotBeHuge) {
  const std::filesystem::path path = temporary_path("huge.cache");
  std::ofstream(path) << "a 1\n";
  EXPECT_EQ(read_calibration(path).size(), 1u);
  std::filesystem::resize_file(path, (size_t{64} << 20) + 1);
  EXPECT_ERROR(read_calibration(path), kResourceExhausted, "a calibration file has at most");
  std::filesystem::remove(path);
  EXPECT_ERROR(read_calibration(path), kNotFound, path.string());
}

constexpr const char* kNetwork = R"(graph "net" {
  input %x: f32[1,4,2,2]
  const %zero: f32[] = [0]
  %r = Relu(%x) "r"
  %c = Clip(%x, %zero) "c"
  %pool = MaxPool(%r) {kernel_shape=[2, 2]} "pool"
  %sum = Add(%r, %c) "sum"
  %both = Add(%r, %x) "both"
  const %pads: i64[8] = [0, 0, 1, 1, 0, 0, 1, 1]
  const %one: f32[] = [1]
  const %minus: f32[] = [-1]
  %bright = Pad(%r, %pads, %one) "bright"
  %dark = Pad(%r, %pads, %minus) "dark"
  %first, %second = Split(%r) {axis=1} "split"
  output %pool, %sum, %both, %bright, %dark, %first, %second
})";

TEST(Ranges, StartAtZeroWhereNothingIsNegative) {
  const Magnitudes magnitudes = {{"x", 2},    {"r", 2},      {"c", 2},    {"pool", 3},  {"sum", 4},
                                 {"both", 5}, {"bright", 2}, {"dark", 2}, {"first", 2}, {"second", 2}};
  const std::set<std::string> any = {"x", "both", "dark"};
  const TensorRanges ranges = ranges_of(magnitudes, parse(kNetwork), "cache");
  ASSERT_EQ(ranges.size(), magnitudes.size());
  for (const auto& [name, range] : ranges) {
    EXPECT_EQ(range.high, magnitudes.at(name));
    EXPECT_EQ(range.low, any.contains(name) ? -range.high : 0) << name;
  }
}

TEST(Ranges, AreOfThisModel) {
  EXPECT_ERROR(ranges_of({{"other", 1.0F}}, parse(kNetwork), "cache"), kInvalidArgument,
               "cache names no tensor of the model; the first is \"other\"");
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(ranges_of({{"other", 1.0F}, {"x", 1.0F}}, parse(kNetwork), "cache").size(), 1u);
  set_log_sink({});
  EXPECT_THAT(lines, ElementsAre(HasSubstr("cache: 1 of 2 tensors are not in the model")));
}

}  // namespace
}  // namespace twofour::quant
