// Reports of bench_sparse: what is written is read back; shares of what bounds a row.
#include "sparse/report.h"

#include <cmath>

#include "base/errors.h"

namespace twofour::bench {
namespace {

Report small_run() {
  Row row{.problem = {.suite = "s_conv",
                      .name = "a_b8",
                      .precision = Precision::kInt8,
                      .m = 64,
                      .k = 36,
                      .n = 100,
                      .batch = 8,
                      .stored = DType::kI8},
          .threads = 2,
          .rounds = 7,
          .refusals = {"sparse24.gemv: no"},
          .dense_ms = 2,
          .dense_name = "oneDNN nhwc",
          .ceiling_gflops = 100};
  row.problem.conv.groups = 2;
  row.problem.conv.count = 3;
  row.entries = {
      {.name = "oneDNN nhwc", .role = Role::kDense, .ms = 2},
      {.name = "oneDNN nchw", .role = Role::kDense, .ms = 5, .left_out = true},
      {.name = "onednn.conv", .role = Role::kOwnDense, .ms = 3, .low = 0.5, .high = 0.75, .speedup = 0.625},
      {.name = "sparse24.conv nhwc", .role = Role::kSparse, .ms = 1, .low = 1.5, .high = 2.5, .speedup = 2},
      {.name = "multiply-adds", .role = Role::kCeiling, .ms = 3}};
  return {.device = "cpu", .peers = {"oneDNN"}, .notes = {"note"}, .rows = {row}, .seconds = 4};
}

TEST(SparseReport, RowsAreReadBackAsTheyWere) {
  const Report run = small_run();
  Report other{.device = "cpu", .seconds = 1};
  add_run(json_of(run), "run.json", &other);
  EXPECT_EQ(other.seconds, 5);
  other.seconds = run.seconds;
  other.peers = run.peers;
  other.notes = run.notes;
  EXPECT_EQ(json_of(other).dump(1), json_of(run).dump(1));
  EXPECT_EQ(text_of(other), text_of(run));
}

TEST(SparseReport, OtherDevicesAndOtherFilesAreRefused) {
  Report other{.device = "another cpu"};
  EXPECT_ERROR(add_run(json_of(small_run()), "run.json", &other), kInvalidArgument,
               "run.json was measured on cpu, this is another cpu");
  other.device = "cpu";
  EXPECT_ERROR(add_run(Json::array(), "x.json", &other), kDataCorrupt, "x.json is no report of bench_sparse");
  Json changed = json_of(small_run());
  changed["rows"][0]["candidates"][0]["role"] = "thief";
  EXPECT_ERROR(add_run(changed, "x.json", &other), kDataCorrupt, "\"thief\" is no role");
  changed = json_of(small_run());
  changed["rows"][0]["precision"] = "int4";
  EXPECT_ERROR(add_run(changed, "x.json", &other), kDataCorrupt, "\"int4\" is no precision");
  changed = json_of(small_run());
  changed["rows"][0]["threads"] = -1.5;
  EXPECT_ERROR(add_run(changed, "x.json", &other), kDataCorrupt, "-1.5 is not a whole number");
  EXPECT_TRUE(other.rows.empty());
}

TEST(SparseReport, SharesOfWhatBinds) {
  Row row{
      .problem = {.m = 1000, .k = 1000, .n = 50}, .dense_ms = 2, .ceiling_gflops = 100, .bandwidth_gbs = 10};
  row.entries = {{.name = "tactic", .role = Role::kSparse, .ms = 1, .speedup = 2}};
  EXPECT_NEAR(row.dense_share(), 0.5, 1e-12);   // 100 MFLOP in 2 ms of 100 GFLOP/s
  EXPECT_NEAR(row.sparse_share(), 0.5, 1e-12);  // half of them in half the time
  row.cold = true;
  row.problem.n = 1;
  EXPECT_NEAR(row.dense_share(), 0.2, 1e-12);      // 4 MB in 2 ms of 10 GB/s
  EXPECT_NEAR(row.sparse_share(), 0.2125, 1e-12);  // 2.125 MB in 1 ms
  row.problem.stored = DType::kI8;
  EXPECT_NEAR(row.dense_share(), 0.05, 1e-12);     // 1 MB in 2 ms
  EXPECT_NEAR(row.sparse_share(), 0.0625, 1e-12);  // 0.625 MB in 1 ms
  row.cold = false;
  row.problem.n = 50;
  row.problem.precision = Precision::kInt8;  // four multiply-adds in the place of one
  EXPECT_NEAR(row.dense_share(), 0.125, 1e-12);
  row.entries.clear();
  EXPECT_TRUE(std::isnan(row.sparse_share()));
}

TEST(SparseReport, PageIsOneFile) {
  const std::string page = html_of(small_run());
  EXPECT_NE(page.find("a_b8"), std::string::npos);
  EXPECT_NE(page.find("Everybody in int8"), std::string::npos);
  EXPECT_EQ(page.find("Everybody in f32"), std::string::npos);
  for (const char* outside : {"<script", "src=", "href=", "http"})
    EXPECT_EQ(page.find(outside), std::string::npos);
  EXPECT_NE(html_of({.device = "cpu"}).find("</html>"), std::string::npos);
}

}  // namespace
}  // namespace twofour::bench
