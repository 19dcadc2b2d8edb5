// The texts and computations of `twofour exec` on made-up runs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "cli/exec/chrome_trace.h"
#include "cli/exec/exports.h"
#include "cli/exec/profile.h"
#include "cli/exec/report_page.h"
#include "cli/exec/shape_profile.h"
#include "cli/exec/summary.h"
#include "cli/suggest.h"

namespace twofour::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Query query(double start, double in, double compute, double out) {
  return {.stream = 0,
          .start_in = start,
          .start_compute = start + in,
          .end_compute = start + in + compute,
          .end_out = start + in + compute + out,
          .layer_us = {}};
}

Trace two_queries() {
  return {.queries = {query(0, 0.25, 2, 0.5), query(3, 0.25, 2, 0.5)}, .warm_up_queries = 4, .outputs = {}};
}

TEST(Summary, IsTrtexecsText) {
  const std::vector<LogLine> lines = performance_lines(two_queries(), {200, 2, {90, 99}});
  const std::vector<LogLine> expected = {
      {'I', "Warmup completed 4 queries over 200 ms"},
      {'I', "Timing trace has 2 queries over 0.00575 s"},
      {'I', ""},
      {'I', "=== Trace details ==="},
      {'I', "Trace averages of 2 runs:"},
      {'I', "Average on 2 runs - GPU latency: 2 ms - Host latency: 2.75 ms (enqueue 2 ms)"},
      {'I', ""},
      {'I', "=== Performance summary ==="},
      {'I', "Throughput: 347.826 qps"},
      {'I',
       "Latency: min = 2.75 ms, max = 2.75 ms, mean = 2.75 ms, median = 2.75 ms, percentile(90%) = 2.75 ms, "
       "percentile(99%) = 2.75 ms"},
      {'I',
       "Enqueue Time: min = 2 ms, max = 2 ms, mean = 2 ms, median = 2 ms, percentile(90%) = 2 ms, "
       "percentile(99%) = 2 ms"},
      {'I',
       "H2D Latency: min = 0.25 ms, max = 0.25 ms, mean = 0.25 ms, median = 0.25 ms, percentile(90%) = 0.25 "
       "ms, percentile(99%) = 0.25 ms"},
      {'I',
       "GPU Compute Time: min = 2 ms, max = 2 ms, mean = 2 ms, median = 2 ms, percentile(90%) = 2 ms, "
       "percentile(99%) = 2 ms"},
      {'I',
       "D2H Latency: min = 0.5 ms, max = 0.5 ms, mean = 0.5 ms, median = 0.5 ms, percentile(90%) = 0.5 ms, "
       "percentile(99%) = 0.5 ms"},
      {'I', "Total Host Walltime: 0.00575 s"},
      {'I', "Total GPU Compute Time: 0.004 s"},
      {'I', "Explanations of the performance metrics are printed in the verbose logs."},
  };
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(lines.at(i).text, expected[i].text);
  for (size_t i = expected.size(); i < lines.size(); ++i) EXPECT_EQ(lines[i].level, 'V');
}

TEST(Summary, WarnsOfTransfersAndUnrest) {
  Trace trace{.queries = {query(0, 3, 1, 0), query(5, 3, 2, 0)}, .warm_up_queries = 1, .outputs = {}};
  const std::vector<LogLine> lines = performance_lines(trace, {});
  const auto warns_of = [&](const std::string& text) {
    return std::ranges::any_of(
        lines, [&](const LogLine& l) { return l.level == 'W' && l.text.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(warns_of("bound by host-to-device transfers for the inputs"));
  EXPECT_FALSE(warns_of("device-to-host"));
  EXPECT_TRUE(warns_of("GPU compute time is unstable, with coefficient of variance = 33.3333%."));
  EXPECT_FALSE(warns_of("Streams compete"));
}

TEST(Summary, EveryBlockSaysThatItIsForTimingOnly) {
  const LogLine warning{'W', kTimingOnly};
  EXPECT_EQ(std::ranges::count(performance_lines(two_queries(), {.timing_only = true}), warning), 2);
  EXPECT_EQ(std::ranges::count(performance_lines(two_queries(), {}), warning), 0);
}

TEST(Summary, LongTracesAreCutInTheMiddle) {
  Trace trace;
  for (int i = 0; i < 1005; ++i) trace.queries.push_back(query(i, 0, i, 0));
  const std::vector<LogLine> lines = performance_lines(trace, {200, 2, {}});
  EXPECT_THAT(lines, Contains(LogLine{'I', "... Omitting 102 lines"}));
  const auto average = [](int first) {
    return LogLine{'I',
                   fmt::format("Average on 2 runs - GPU latency: {0:g} ms - Host latency: {0:g} ms (enqueue "
                               "{0:g} ms)",
                               first + 0.5)};
  };
  for (const int first : {0, 398, 604, 1002}) EXPECT_THAT(lines, Contains(average(first))) << first;
  for (const int first : {400, 602}) EXPECT_THAT(lines, Not(Contains(average(first)))) << first;
}

TEST(Profile, SharesAndMedians) {
  Trace trace = two_queries();
  trace.queries.push_back(query(6, 0, 1, 0));
  trace.queries[0].layer_us = {1000, 100};
  trace.queries[1].layer_us = {2000, 200};
  trace.queries[2].layer_us = {6000, 700};
  const Profile profile = profile_of({"conv1 + relu1", "fc"}, trace);
  EXPECT_EQ(profile_text(profile),
            "=== Profile (3 iterations ) ===\n"
            "   Time(ms)     Avg.(ms)   Median(ms)   Time(%)   Layer\n"
            "       9.00       3.0000       2.0000      90.0   conv1 + relu1\n"
            "       1.00       0.3333       0.2000      10.0   fc\n"
            "      10.00       3.3333       2.2000     100.0   Total");
  const nlohmann::json json = nlohmann::json::parse(profile_json(profile));
  EXPECT_EQ(json[0], nlohmann::json({{"count", 3}}));
  EXPECT_EQ(json[1]["name"], "conv1 + relu1");
  EXPECT_DOUBLE_EQ(json[1]["timeMs"], 9);
  EXPECT_DOUBLE_EQ(json[2]["medianMs"], 0.2);
  EXPECT_DOUBLE_EQ(json[2]["percentage"], 10);
}

TEST(ChromeTrace, LayersLieInTheirQueriesOnOneRowPerStream) {
  Trace trace = two_queries();
  trace.queries[1].stream = 1;
  trace.queries.push_back(query(9, 0, 2, 0));
  for (Query& q : trace.queries) q.layer_us = {1500, 400};
  const std::vector<LayerInfo> layers = {{"conv \"1\"", "Conv", "onednn.conv", false, {}, {}},
                                         {"fc", "Gemm", "sparse24.gemm", true, {}, {}}};
  const nlohmann::json json = nlohmann::json::parse(chrome_trace_json(layers, trace, 1));
  std::map<int, double> end;  // of the last layer, by stream
  int spans = 0, names = 0;
  for (const auto& event : json["traceEvents"]) {
    names += event["ph"] == "M";
    if (event["ph"] == "M") continue;
    ++spans;
    EXPECT_EQ(event["ph"], "X");
    if (event["cat"] != "layer") continue;
    const int stream = event["tid"];
    const double start = event["ts"];
    if (end.contains(stream)) {
      EXPECT_DOUBLE_EQ(start, end[stream]);
    } else {
      EXPECT_DOUBLE_EQ(start, trace.queries[static_cast<size_t>(stream)].start_compute * 1e3);
    }
    end[stream] = start + double(event["dur"]);
  }
  EXPECT_EQ(names, 2);
  EXPECT_EQ(spans,
            2 * (1 + 2 + 2));  // query, copies in and out, two layers; the third query is beyond the limit
  EXPECT_DOUBLE_EQ(end.at(1), (3.25 + 1.9) * 1e3);
}

TEST(ReportPage, SaysWhatRanAndWhatLost) {
  ReportContent content{.source = "<model>.onnx", .device = "CPU, 2 threads", .file_bytes = 1 << 20};
  content.build.layers = {
      {.layer = "conv",
       .op = "Conv",
       .winner = "onednn.conv",
       .format = "nchw",
       .has_weight = true,
       .candidates = {{"sparse24.conv", "nchw", true, false, -1, "the weight is not 2:4 sparse"},
                      {"onednn.conv", "nchw", false, true, 12.5, ""}}}};
  const std::string built = report_page(content);
  EXPECT_THAT(built, HasSubstr("&lt;model&gt;.onnx"));
  EXPECT_THAT(built, HasSubstr("<td>the weight is not 2:4 sparse</td>"));
  EXPECT_THAT(built, HasSubstr("conv dense: 12.5"));
  EXPECT_THAT(built, Not(HasSubstr("Performance")));
  Trace trace = two_queries();
  for (Query& q : trace.queries) q.layer_us = {2000};
  content.performance = performance_lines(trace, {});
  content.profile = profile_of({"conv"}, trace);
  const std::string ran = report_page(content);
  EXPECT_THAT(ran, HasSubstr("<td>Throughput</td><td>347.826 qps</td>"));
  EXPECT_THAT(ran, HasSubstr("conv median: 2000.0"));
}

TEST(ShapeProfile, WhatIsMissingComesFromTheOthers) {
  const Shapes none, one = {{"a", {1}}}, two = {{"a", {2}}}, four = {{"a", {4}}};
  const auto expect = [](const ShapeProfile& profile, int64_t min, int64_t opt, int64_t max) {
    EXPECT_EQ(profile.min.at("a"), Shape{min});
    EXPECT_EQ(profile.opt.at("a"), Shape{opt});
    EXPECT_EQ(profile.max.at("a"), Shape{max});
  };
  expect(complete_profile(one, two, four), 1, 2, 4);
  expect(complete_profile(none, two, none), 2, 2, 2);
  expect(complete_profile(none, two, four), 2, 2, 4);
  expect(complete_profile(one, two, none), 1, 2, 2);
  expect(complete_profile(one, none, four), 1, 4, 4);
  expect(complete_profile(one, none, none), 1, 1, 1);
  expect(complete_profile(none, none, four), 4, 4, 4);
  EXPECT_TRUE(complete_profile(none, none, none).opt.empty());
  EXPECT_TRUE(complete_profile(none, two, none).notes.empty());
  EXPECT_THAT(complete_profile(one, none, four).notes,
              ::testing::ElementsAre("input \"a\": --optShapes is that of --maxShapes"));
  // Each input for itself.
  const ShapeProfile mixed = complete_profile({{"a", {1}}}, {{"a", {2}}, {"b", {3}}}, {{"b", {5}}});
  expect(mixed, 1, 2, 2);
  EXPECT_EQ(mixed.min.at("b"), Shape{3});
  EXPECT_EQ(mixed.max.at("b"), Shape{5});
}

TEST(ShapeProfile, RefusesWhatIsNotOrdered) {
  const auto refused = [](const Shape& min, const Shape& opt, const Shape& max, const char* text) {
    EXPECT_ERROR(complete_profile({{"a", min}}, {{"a", opt}}, {{"a", max}}), kInvalidArgument, text);
  };
  refused({1, 4}, {2, 3}, {4, 4}, "\"a\" are not min <= opt <= max: 1x4, 2x3, 4x4");
  refused({1}, {1, 1}, {1, 1}, "are not min <= opt <= max");
  refused({1}, {2}, {1}, "are not min <= opt <= max");
}

TEST(ShapeProfile, Wildcards) {
  const std::vector<std::string> inputs = {"ids", "image_a", "image_b"};
  const auto shapes = expand_wildcards({{"image*", {1, 3}}, {"ids", {7}}}, inputs);
  EXPECT_EQ(shapes.size(), 3u);
  EXPECT_EQ(shapes.at("image_b"), (Shape{1, 3}));
  EXPECT_EQ(expand_wildcards({{"i*s", {2}}}, inputs).size(), 1u);
  EXPECT_THROW(expand_wildcards({{"mask*", {1}}}, inputs), Error);
}

TEST(Suggest, ClosestName) {
  const std::vector<std::string> names = {"--dumpProfile", "--dumpOutput", "--exportProfile", "--shapes"};
  EXPECT_EQ(closest("--dumpProfil", names), "--dumpProfile");
  EXPECT_EQ(closest("--dumpprofile", names), "--dumpProfile");
  EXPECT_EQ(closest("--sahpes", names), "--shapes");
  EXPECT_EQ(closest("--exportPro", names), "--exportProfile");
  EXPECT_EQ(closest("--nonsense", names), "");
  EXPECT_EQ(closest(std::string(100000, 'x'), names), "");
  EXPECT_EQ(edit_distance("abcd", "abdc"), 1);
  EXPECT_EQ(edit_distance("", "abc"), 3);
}

}  // namespace
}  // namespace twofour::cli
