// The whole road in its short form, and the report that other programs read.
#include "commands.h"
#include "twofour/model.h"

namespace twofour {
namespace {

using ::testing::HasSubstr;

constexpr int kBatches[] = {1, 8, 64};

class Demo : public Commands {};

TEST_F(Demo, QuickReportHoldsWhatItPromises) {
  const testing::ProgramResult result = twofour("demo --quick --output=" + file("demo"));
  ASSERT_EQ(result.status, 0) << result.output;
  const nlohmann::json report = read_json(file("demo/report.json"));

  const nlohmann::json& accuracy = report["accuracy"];
  const double dense = accuracy["dense"];
  EXPECT_GT(dense, 0.9);
  EXPECT_LE(dense, 1);
  EXPECT_LT(accuracy["pruned"], dense - 0.01);
  EXPECT_GE(accuracy["retrained"], dense - 0.005);

  EXPECT_EQ(report["sparsity"]["violations"], 0);
  EXPECT_EQ(report["sparsity"]["sparse_layers"], 4);
  int64_t sparse = 0;
  for (const SparsityRow& row : Model::load(file("demo/sparse.onnx")).sparsity()) sparse += row.sparse;
  EXPECT_EQ(sparse, 4);
  for (const SparsityRow& row : Model::load(file("demo/dense.onnx")).sparsity()) EXPECT_FALSE(row.sparse);

  const nlohmann::json& engines = report["engines"];
  ASSERT_EQ(engines.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(engines[i]["network"], i < 3 ? "cnn" : "resnet50");
    EXPECT_EQ(engines[i]["batch"], i < 3 ? kBatches[i] : 8);
    EXPECT_GT(engines[i]["dense_ms"], 0);
    EXPECT_GT(engines[i]["sparse_ms"], 0);
    EXPECT_GT(engines[i]["speedup"], 0);
    if (engines[i]["sparse_layers"].empty()) {
      EXPECT_EQ(engines[i]["speedup"], 1) << "both are the dense engine";
    }
  }
  EXPECT_THAT(read_text(file("demo/report.html")), HasSubstr("<svg"));
}

}  // namespace
}  // namespace twofour
