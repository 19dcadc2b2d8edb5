#include "base/glob.h"

#include <gtest/gtest.h>

namespace twofour {
namespace {

TEST(Glob, MatchesWholeNames) {
  EXPECT_TRUE(glob_matches("layer[12].*", "layer1.0.conv1"));
  EXPECT_TRUE(glob_matches("fc?", "fc2"));
  EXPECT_FALSE(glob_matches("fc?", "fc"));
  EXPECT_FALSE(glob_matches("conv", "conv1"));
}

TEST(Glob, NamesAsGlobsMatchThemselves) {
  const std::string name = "a[0]*\\b?";
  EXPECT_EQ(literal_glob(name), "a\\[0]\\*\\\\b\\?");
  EXPECT_TRUE(glob_matches(literal_glob(name), name));
  EXPECT_FALSE(glob_matches(literal_glob(name), "a0x\\bc"));
}

}  // namespace
}  // namespace twofour
