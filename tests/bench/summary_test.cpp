// The figures of bench_sparse: which rows count, their means, and the parts of a product's time.
#include "sparse/summary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sparse/time_model.h"

namespace twofour::bench {
namespace {

Row gemm_row(int64_t m, int64_t k, int64_t n, int threads, double speedup, bool cold = false) {
  Row row{.problem = {.suite = "any_gemm", .m = m, .k = k, .n = n}, .threads = threads, .cold = cold};
  row.entries = {{.name = "slow", .role = Role::kSparse, .speedup = speedup / 2},
                 {.name = "fast", .role = Role::kSparse, .speedup = speedup},
                 {.name = "dense", .role = Role::kDense}};
  return row;
}

Row conv_row(const std::string& suite, int64_t batch, int threads, double speedup) {
  Row row = gemm_row(512, 512, 512, threads, speedup);
  row.problem.suite = suite;
  row.problem.batch = batch;
  return row;
}

TEST(Summary, RowsOfEachSet) {
  EXPECT_TRUE(is_in(Set::kGemm, gemm_row(256, 256, 64, 1, 1)));
  EXPECT_FALSE(is_in(Set::kGemm, gemm_row(255, 256, 64, 1, 1)));
  EXPECT_FALSE(is_in(Set::kGemm, gemm_row(256, 252, 64, 1, 1)));
  EXPECT_FALSE(is_in(Set::kGemm, gemm_row(256, 256, 63, 1, 1)));
  EXPECT_FALSE(is_in(Set::kGemm, conv_row("resnet50_conv", 1, 1, 1)));
  EXPECT_TRUE(is_in(Set::kGemv, gemm_row(4096, 4096, 4, 1, 1, true)));
  EXPECT_FALSE(is_in(Set::kGemv, gemm_row(4096, 4096, 8, 1, 1, true)));
  EXPECT_FALSE(is_in(Set::kGemv, gemm_row(1024, 1024, 1, 1, 1, false)));
  EXPECT_TRUE(is_in(Set::kConv, conv_row("resnet50_conv", 8, 1, 1)));
  EXPECT_FALSE(is_in(Set::kConv, conv_row("resnet50_conv", 2, 1, 1)));
  EXPECT_FALSE(is_in(Set::kConv, conv_row("vgg16_conv", 1, 1, 1)));
}

TEST(Summary, BestTacticOfARowCounts) {
  EXPECT_EQ(gemm_row(256, 256, 64, 1, 1.5).sparse()->name, "fast");
  EXPECT_EQ(gemm_row(256, 256, 64, 1, 1.5).speedup(), 1.5);
}

TEST(Summary, ARowThatEveryTacticDeclinesIsOne) {
  Row row = gemm_row(256, 256, 64, 1, 1);
  row.entries = {{.name = "dense", .role = Role::kDense, .ms = 1}};
  EXPECT_EQ(row.sparse(), nullptr);
  EXPECT_EQ(row.speedup(), 1);
}

TEST(Summary, Figures) {
  const std::vector<Row> rows = {gemm_row(256, 256, 64, 1, 2),         gemm_row(256, 256, 64, 1, 0.5),
                                 gemm_row(256, 256, 64, 1, 4),         gemm_row(256, 256, 64, 2, 3),
                                 gemm_row(256, 256, 64, 3, 100),       gemm_row(128, 256, 64, 1, 0.1),
                                 gemm_row(4096, 4096, 1, 2, 9, true),  gemm_row(4096, 4096, 1, 2, 4, true),
                                 gemm_row(4096, 4096, 1, 1, 7, true),  conv_row("resnet50_conv", 1, 2, 1),
                                 conv_row("resnet50_conv", 8, 2, 2.25)};
  const Json summary = summary_of(rows);
  EXPECT_NEAR(summary.at("gemm_f32_geomean_speedup_t1").get<double>(), std::cbrt(4.0), 1e-12);
  EXPECT_NEAR(summary.at("gemm_f32_geomean_speedup_t2").get<double>(), 3, 1e-12);
  EXPECT_EQ(summary.at("gemm_f32_min_speedup_t1").get<double>(), 0.5);
  EXPECT_NEAR(summary.at("gemv_f32_geomean_speedup_t2").get<double>(), 6, 1e-12);
  EXPECT_NEAR(summary.at("conv_f32_geomean_speedup_t2").get<double>(), 1.5, 1e-12);
  for (const auto& [name, value] : summary.items())
    EXPECT_TRUE(value.is_null() || name.find("_f32_") != std::string::npos) << name;
}

Row at(Precision precision, DType stored, Row row, double dense_speedup = 0) {
  row.problem.precision = precision;
  row.problem.stored = stored;
  row.entries.push_back({.name = "own dense", .role = Role::kOwnDense, .speedup = dense_speedup});
  return row;
}

TEST(Summary, FiguresOfLowerPrecisions) {
  const auto int8 = [](Row row, double dense_speedup) {
    return at(Precision::kInt8, DType::kI8, std::move(row), dense_speedup);
  };
  const std::vector<Row> rows = {int8(gemm_row(256, 256, 64, 1, 2), 0.5),
                                 int8(gemm_row(256, 256, 64, 2, 8), 2),
                                 int8(conv_row("resnet50_conv", 1, 2, 0.5), 8),
                                 int8(gemm_row(4096, 4096, 1, 1, 2, true), 0),
                                 at(Precision::kBF16, DType::kBF16, gemm_row(256, 256, 64, 1, 3)),
                                 at(Precision::kF32, DType::kI8, gemm_row(4096, 4096, 1, 1, 5, true))};
  const Json summary = summary_of(rows);
  EXPECT_NEAR(summary.at("int8_sparse_geomean").get<double>(), 2, 1e-12);
  EXPECT_NEAR(summary.at("int8_dense_geomean").get<double>(), 2, 1e-12);  // no library ran beside the last
  EXPECT_NEAR(summary.at("int8_gemm_geomean_t1").get<double>(), 2, 1e-12);
  EXPECT_NEAR(summary.at("int8_gemm_geomean_t2").get<double>(), 8, 1e-12);
  EXPECT_NEAR(summary.at("int8_gemv_geomean_t1").get<double>(), 2, 1e-12);
  EXPECT_NEAR(summary.at("int8_conv_geomean_t2").get<double>(), 0.5, 1e-12);
  EXPECT_NEAR(summary.at("bf16_sparse_geomean").get<double>(), 3, 1e-12);
  EXPECT_TRUE(summary.at("bf16_dense_geomean").is_null());
  EXPECT_NEAR(summary.at("gemv_i8_geomean_speedup_t1").get<double>(), 5, 1e-12);
  EXPECT_TRUE(summary.at("gemm_f32_geomean_speedup_t1").is_null());
}

TEST(Summary, NoRowsNoFigures) {
  const Json summary = summary_of({});
  for (const auto& [name, value] : summary.items()) EXPECT_TRUE(value.is_null()) << name;
  EXPECT_EQ(summary.size(), 27U);
}

TEST(TimeModel, FindsThePartsOfATime) {
  std::vector<Row> rows;
  for (const auto& [m, k] :
       {std::pair<int64_t, int64_t>{256, 1024}, {1024, 256}, {1024, 1024}, {4096, 512}}) {
    Row row = gemm_row(m, k, 10, 1, 1);
    const double ns =
        3.0 * static_cast<double>(k) + 2.0 * static_cast<double>(m) + 0.125 * static_cast<double>(m * k);
    for (Entry& entry : row.entries) entry.ms = ns * 10 * 1e-6;
    rows.push_back(row);
  }
  std::vector<const Row*> pointers;
  pointers.reserve(rows.size());
  for (const Row& row : rows) pointers.push_back(&row);
  const auto model = fit_time_model(pointers);
  ASSERT_TRUE(model);
  EXPECT_NEAR(model->packing_ns, 3, 1e-6);
  EXPECT_NEAR(model->delivery_ns, 2, 1e-6);
  EXPECT_NEAR(model->code_ns, 0.125, 1e-9);
  const TimeModel::Shares shares = model->shares(256, 1024);
  EXPECT_NEAR(shares.packing + shares.delivery + shares.code, 1, 1e-12);
  EXPECT_NEAR(shares.packing, 3072.0 / (3072 + 512 + 32768), 1e-6);
}

TEST(TimeModel, NothingFromOneSize) {
  const Row row = [] {
    Row r = gemm_row(256, 256, 10, 1, 1);
    for (Entry& entry : r.entries) entry.ms = 1;
    return r;
  }();
  const std::vector<const Row*> pointers = {&row, &row, &row};
  EXPECT_FALSE(fit_time_model(pointers));
  EXPECT_FALSE(fit_time_model({}));
}

}  // namespace
}  // namespace twofour::bench
