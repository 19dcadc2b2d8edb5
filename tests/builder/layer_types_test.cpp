// What layers compute in, by name and as it is wanted.
#include "builder/layer_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace twofour::builder {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Types = std::vector<DType>;

TEST(LayerTypes, ThePrecisionIsThatOfTheNumbersRead) {
  EXPECT_EQ(precision_of(Types{DType::kU8, DType::kI8, DType::kF32}, Types{DType::kF32}), "int8");
  EXPECT_EQ(precision_of(Types{DType::kBool, DType::kBF16}, Types{DType::kBF16}), "bf16");
  EXPECT_EQ(precision_of(Types{DType::kI64}, Types{DType::kF32}), "fp32");
  EXPECT_EQ(precision_of(Types{DType::kI64}, Types{DType::kI64}), "");
}

TEST(LayerTypes, FusedLayersStandForTheirParts) {
  EXPECT_THAT(parts_of("conv1"), ElementsAre("conv1"));
  EXPECT_THAT(parts_of("conv1 + add + relu"), ElementsAre("conv1", "add", "relu"));
}

TEST(LayerTypes, TheLastEntryThatMatchesCounts) {
  LayerTypes wanted = {.constraints = PrecisionConstraints::kObey,
                       .precisions = {{"conv*", DType::kF32}, {"conv2", DType::kI8}}};
  EXPECT_TRUE(is_kept_from(wanted, "conv1 + relu1", DType::kI8));
  EXPECT_FALSE(is_kept_from(wanted, "conv2", DType::kI8));
  EXPECT_FALSE(is_kept_from(wanted, "fc", DType::kI8));
  wanted.constraints = PrecisionConstraints::kNone;
  EXPECT_FALSE(is_kept_from(wanted, "conv1", DType::kI8));
}

TEST(LayerTypes, WishesAreComparedWithTheReport) {
  BuildReport report;
  report.layers = {{.layer = "conv + relu", .op = "QuantizedConv"}, {.layer = "conv_QuantizeLinear"}};
  report.layers[0].precision = "int8";
  report.layers[0].output_types = {DType::kU8};
  report.layers[1].precision = "fp32";
  LayerTypes wanted = {.constraints = PrecisionConstraints::kPrefer,
                       .precisions = {{"*", DType::kI8}},
                       .outputs = {{"relu", {DType::kI8}}, {"conv", {DType::kF32}}}};
  const std::set<std::string> nodes = {"conv", "relu"};
  EXPECT_THAT(broken_wishes(report, wanted, nodes), IsEmpty()) << "the last node gives the result";
  wanted.precisions.push_back({"relu", DType::kF32});
  wanted.outputs.push_back({"relu", {DType::kF32}});
  EXPECT_THAT(broken_wishes(report, wanted, nodes),
              ElementsAre("layer \"conv + relu\" computes in int8, not fp32",
                          "layer \"conv + relu\" gives uint8, not fp32"));
  wanted.outputs = {{"relu", {DType::kF32, DType::kI8}}};
  EXPECT_ERROR(broken_wishes(report, wanted, nodes), kInvalidArgument, "2 types for the 1 outputs");
}

TEST(LayerTypes, GlobsHaveToMatch) {
  const LayerTypes wanted = {.outputs = {{"fc*", {DType::kF32}}}};
  EXPECT_NO_THROW(check_layer_types(wanted, {"fc1"}));
  EXPECT_ERROR(check_layer_types(wanted, {"conv1"}), kNotFound, "\"fc*\" matches no layer");
}

TEST(PrecisionReport, SaysWhatWasTakenAndAgainstWhat) {
  const PrecisionTrial raced = {
      {{"fp32", 2000, 1, false, ""}, {"int8", 1000, 2, true, ""}, {"fp16", -1, 0, false, "no hardware"}}};
  EXPECT_THAT(
      raced.summary(),
      ElementsAre("Precision: int8, the fastest, run in turn, of fp32 2.000 ms, int8 1.000 ms (2.00x)",
                  "Precision: fp16 is not used: no hardware"));
  EXPECT_THAT(PrecisionTrial{}.summary(), IsEmpty());
}

TEST(PrecisionReport, CountsProductsAndGroupsReasons) {
  BuildReport report;
  for (const char* name : {"a", "b", "c", "d"}) {
    report.layers.push_back({.layer = name, .has_weight = true});
    report.layers.back().precision = "fp32";
    report.layers.back().real_because = "not between codes";
  }
  EXPECT_EQ(report.precision_summary(), "");
  report.layers[0].precision = "int8";
  report.layers[3].real_because = "excluded by name";
  EXPECT_EQ(report.precision_summary(),
            "1 of 4 layers with a product in int8; in fp32: d (excluded by name), b, c (not between codes)");
}

}  // namespace
}  // namespace twofour::builder
