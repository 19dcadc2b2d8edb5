// The table of operators outside ONNX's own set: its order, and what it refuses.
#include <gtest/gtest.h>

#include "base/errors.h"
#include "onnx/vendor/expansion.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

TEST(VendorTable, IsSortedByDomainAndName) {
  const auto rows = expansions();
  for (size_t i = 1; i < rows.size(); ++i)
    EXPECT_LT(std::pair(rows[i - 1].domain, rows[i - 1].op), std::pair(rows[i].domain, rows[i].op));
}

TEST(VendorTable, OtherOperatorsOfTheDomainAreRefusedByName) {
  EXPECT_ERROR(OneNode("com.microsoft", "MoE", {random({2}, 1)}).run(), kUnsupported, "com.microsoft::MoE");
  EXPECT_ERROR(OneNode("my.own", "Gelu", {random({2}, 1)}).run(), kUnsupported, "my.own::Gelu");
}

TEST(VendorTable, UnknownAttributesAndInputsAreRefused) {
  OneNode attr("com.microsoft", "Gelu", {random({2}, 1)});
  attr.file.attr("slope", 1.0F);
  EXPECT_ERROR(attr.run(), kUnsupported, "attribute slope is not supported");
  EXPECT_ERROR(OneNode("com.microsoft", "Gelu", {random({2}, 1), random({2}, 1)}).run(), kUnsupported,
               "it has 2 inputs; 1 are known");
  EXPECT_ERROR(OneNode("com.microsoft", "BiasGelu", {random({2}, 1)}).run(), kInvalidArgument,
               "input 1 (B) is missing");
}

TEST(VendorTable, OutputsThatOnlyTrainingUsesAreRefusedWhenUsed) {
  const std::vector<Tensor> inputs = {random({1, 2, 4}, 1), random({1, 2, 4}, 2), random({4}, 3),
                                      random({4}, 4)};
  EXPECT_ERROR(OneNode("com.microsoft", "SkipLayerNormalization", inputs, 2).run(), kUnsupported,
               "\"y1\" is an output of its node that twofour does not compute");
}

TEST(VendorTable, ModelsOfOtherDomainsAloneNeedNoOpsetOfOnnx) {
  OneNode model("ai.onnx.ml", "Binarizer", {tensor<float>({2}, {-1, 1})});
  model.file.model.mutable_opset_import(0)->set_domain("ai.onnx.ml");
  EXPECT_THAT(model.values(), testing::ElementsAre(0, 1));
  model.file.node("Neg", {"y0"}, {"z"}).output("z");
  EXPECT_ERROR(model.run(), kDataCorrupt, "does not say which opset it uses");
}

}  // namespace
}  // namespace twofour::onnx_io
