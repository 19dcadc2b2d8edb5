// bench_models: networks at a precision, and the report.
#include <filesystem>

#include "base/errors.h"
#include "models/network.h"
#include "models/report.h"
#include "support/temporary_path.h"

namespace twofour::bench {
namespace {

namespace fs = std::filesystem;

class Networks : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_ = temporary_path("networks");
};

TEST_F(Networks, FloatOnesAreQuantisedForInt8) {
  const BenchModel entry{"lenet", "", {{"input", {kBatch, 1, 28, 28}}}};
  const Network real = make_network(entry, Precision::kF32, folder_, folder_);
  EXPECT_FALSE(has_codes(real.model));
  const Network codes = make_network(entry, Precision::kInt8, folder_, folder_);
  EXPECT_TRUE(has_codes(codes.model));
  EXPECT_NE(codes.onnx, real.onnx);
  EXPECT_TRUE(fs::exists(codes.onnx));
  const fs::file_time_type written = fs::last_write_time(codes.onnx);
  make_network(entry, Precision::kInt8, folder_, folder_);
  EXPECT_EQ(fs::last_write_time(codes.onnx), written);
}

TEST_F(Networks, ThoseInCodesAreRunAsTheyAre) {
  const BenchModel lenet{"lenet", "", {{"input", {kBatch, 1, 28, 28}}}};
  const Network made = make_network(lenet, Precision::kInt8, folder_, folder_);
  const BenchModel entry{"given", fs::path(made.onnx).filename(), lenet.inputs};
  EXPECT_EQ(make_network(entry, Precision::kInt8, folder_, folder_).onnx, made.onnx);
  EXPECT_ERROR(make_network(entry, Precision::kF32, folder_, folder_), kFailedPrecondition, "in codes");
}

ModelRow row(Precision precision, bool sparse, std::vector<double> ratios) {
  ModelRow result{.model = "net", .precision = precision, .sparse = sparse, .ms = 2};
  for (const double ratio : ratios)
    result.peers.push_back({.name = fmt::format("peer {}", result.peers.size() + 1),
                            .ms = 2 * ratio,
                            .ratio = ratio,
                            .low = ratio,
                            .high = ratio});
  return result;
}

/// Ours did not run.
ModelRow peers_alone(Precision precision) {
  ModelRow result = row(precision, false, {});
  result.ms.reset();
  result.peers.push_back({.name = "peer 1", .ms = 3});
  return result;
}

TEST(ModelReport, SummaryByPrecisionAndWeights) {
  const std::vector<ModelRow> rows = {
      row(Precision::kInt8, false, {1, 4}), row(Precision::kInt8, false, {5, 4}),
      row(Precision::kInt8, true, {3}),     row(Precision::kInt8, true, {}),
      row(Precision::kF32, false, {1.5}),   peers_alone(Precision::kBF16)};
  const Json summary = summary_of(rows);
  EXPECT_EQ(summary.size(), 6U);
  EXPECT_NEAR(summary.at("int8_dense_geomean").get<double>(), 2, 1e-12);  // of the better peers: 1 and 4
  EXPECT_NEAR(summary.at("int8_sparse_geomean").get<double>(), 3, 1e-12);
  EXPECT_NEAR(summary.at("f32_dense_geomean").get<double>(), 1.5, 1e-12);
  EXPECT_TRUE(summary.at("bf16_dense_geomean").is_null());
  EXPECT_TRUE(summary.at("bf16_sparse_geomean").is_null());
}

TEST(ModelReport, RowsAndNotes) {
  ModelReport report({"peer 1", "peer 2"});
  ModelRow failed = row(Precision::kF32, true, {1.25});
  failed.peers.push_back({.name = "peer 2", .error = "error no such operator"});
  report.add(failed);
  report.add(failed);
  report.add(peers_alone(Precision::kBF16));
  const Json json = report.json();
  EXPECT_EQ(json.at("notes"), Json({"net f32 batch 1: peer 2: error no such operator"}));
  const Json& first = json.at("rows")[0];
  EXPECT_EQ(first.at("precision"), "f32");
  EXPECT_EQ(first.at("weights"), "2:4");
  EXPECT_EQ(first.at("ratio"), 1.25);
  EXPECT_FALSE(first.at("peers").contains("peer 2"));
  const Json& last = json.at("rows")[2];
  EXPECT_TRUE(last.at("twofour_ms").is_null());
  EXPECT_EQ(last.at("peers").at("peer 1").at("ms"), 3);
  EXPECT_FALSE(last.contains("ratio"));
  EXPECT_NE(report.text().find("f32_sparse_geomean 1.250"), std::string::npos);
}

}  // namespace
}  // namespace twofour::bench
