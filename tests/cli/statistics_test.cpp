#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "cli/parse.h"
#include "cli/svg.h"
#include "cli/table.h"
#include "cli/timing.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

// trtexec: element all-1-int((1-p/100)*all) of the sorted samples.
TEST(Statistics, PercentilesAreTrtexecs) {
  std::vector<double> samples(200);
  std::iota(samples.rbegin(), samples.rend(), 1.0);
  EXPECT_EQ(percentile_of(samples, 99), 199);  // (1 - 0.99f) * 200 is just below 2
  EXPECT_EQ(percentile_of(samples, 90), 180);
  EXPECT_EQ(percentile_of(samples, 100), 200);
  EXPECT_EQ(percentile_of({7}, 1), 7);
  EXPECT_EQ(median_of({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median_of({9, 1, 3}), 3);
}

TEST(Statistics, SummaryText) {
  EXPECT_EQ(statistics_text({1, 2, 3}, {50}),
            "min = 1 ms, max = 3 ms, mean = 2 ms, median = 2 ms, percentile(50%) = 2 ms");
}

TEST(Parse, Shapes) {
  const auto shapes = parse_shapes("a:1x2,scope/b:0:3");
  EXPECT_EQ(shapes.at("a"), (Shape{1, 2}));
  EXPECT_EQ(shapes.at("scope/b:0"), (Shape{3}));
  EXPECT_EQ(parse_shapes("a:0x3").at("a"), (Shape{0, 3}));
  for (const char* bad : {"a", "a:", ":1x2", "a:1x", "a:1x-2", "a:-1", "a:99999999999999999999"})
    EXPECT_THROW(parse_shapes(bad), Error) << bad;
}

TEST(Table, AlignsColumns) {
  Table table({"Name", ">Value"});
  table.add_row({"a", "1.5"});
  table.add_row({"longer", "10"});
  EXPECT_EQ(table.text(), "Name    Value\na         1.5\nlonger     10");
}

TEST(Svg, TicksCoverTheRange) {
  for (const auto& [low, high] : {std::pair(0.0, 1.0), {0.3, 97.2}, {-5.0, 5.0}, {1e-6, 3e-6}, {4.0, 4.0}}) {
    const auto ticks = axis_ticks(low, high, 5);
    EXPECT_LE(ticks.front(), low);
    EXPECT_GE(ticks.back(), high * (1 - 1e-9));
    EXPECT_LE(ticks.size(), 12u);
  }
  EXPECT_EQ(escape_xml("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
}

}  // namespace
}  // namespace twofour::cli
