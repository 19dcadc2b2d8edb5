#include "cli/exec/reference_share.h"

#include <gtest/gtest.h>

namespace twofour::cli {
namespace {

/// A layer that this tactic runs in so long, where a slower one was timed too.
LayerChoice layer(const std::string& op, const std::string& winner, double time_us) {
  return {.op = op,
          .winner = winner,
          .format = "nchw",
          .candidates = {{"slower", "nchw", false, true, 1000, "is slower", ""},
                         {winner, "nhwc", false, true, 1000, "is slower", ""},
                         {winner, "nchw", false, true, time_us, "", ""}}};
}

TEST(ReferenceShare, NamesTheSlowestOperatorsFirst) {
  const BuildReport report{.layers = {layer("Conv", "onednn.conv", 60), layer("Det", "reference", 5),
                                      layer("GRU", "reference", 20), layer("Det", "reference", 10),
                                      layer("GRU", "reference", 5)}};
  EXPECT_EQ(reference_share_text(report),
            "40 % of the time goes to reference kernels, which are slow: GRU, Det");
}

TEST(ReferenceShare, ATenthIsNotWorthAWarning) {
  BuildReport report{.layers = {layer("Conv", "onednn.conv", 90), layer("Det", "reference", 10)}};
  EXPECT_EQ(reference_share_text(report), "");
  report.layers.push_back(layer("Det", "reference", 1));
  EXPECT_EQ(reference_share_text(report), "11 % of the time goes to reference kernels, which are slow: Det");
}

TEST(ReferenceShare, NothingIsSaidOfWhatWasNotTimed) {
  EXPECT_EQ(reference_share_text({}), "");
  EXPECT_EQ(reference_share_text({.layers = {layer("Det", "reference", -1)}}), "");
}

}  // namespace
}  // namespace twofour::cli
