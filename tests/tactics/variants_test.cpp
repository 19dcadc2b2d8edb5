// Variants of the sparse tactics: the same bits with other kernel parameters, found by name, neighbours that
// differ in what they do.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/cpu.h"
#include "cpu/backend.h"
#include "cpu/sparse24/kernel_parameters.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using backend::Tactic;
using Ints = std::vector<int64_t>;

/// Several tiles and blocks: 49 panels, K = 576.
Case conv(int64_t kernel, int64_t stride, Format format) {
  const int64_t pad = kernel / 2, out = (28 - 1) / stride + 1, c = kernel == 1 ? 576 : 64;
  const Case test = make_case("FusedConv",
                              {{.shape = {1, c, 28, 28}},
                               {.shape = {31, c, kernel, kernel}, .constant = true},
                               {.shape = {31}, .constant = true},
                               {.shape = {1, 31, out, out}}},
                              {{"pads", Ints{pad, pad, pad, pad}},
                               {"strides", Ints{stride, stride}},
                               {"activation", std::string("relu")}});
  return with_format(pruned(test, kernel * kernel), format);
}

Case linear() {
  return pruned(
      make_case(
          "Gemm",
          {{.shape = {777, 572}}, {.shape = {31, 572}, .constant = true}, {.shape = {31}, .constant = true}},
          {{"transB", int64_t{1}}}),
      1);
}

class Variants : public ::testing::Test {
 protected:
  void SetUp() override {
    if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the 2:4 kernels need AVX2";
  }
  const Tactic& tactic(const std::string& name) const { return *device_.find_tactic(name); }
  void check_all(const std::string& name, const Case& test) const {
    expect_runs(tactic(name), test, {}, 256);
    const auto expected = run_tactic(tactic(name), test);
    for (const cpu::KernelParameters& parameters : cpu::all_variants()) {
      const std::string full = name + ":" + parameters.to_string();
      const auto actual = run_tactic(tactic(full), test);
      EXPECT_TRUE(std::ranges::equal(actual[0].span<float>(), expected[0].span<float>())) << full;
    }
  }
  std::set<std::string> names(const Tactic& start, const Case& test, size_t parameter) const {
    std::set<std::string> result;
    for (const Tactic* neighbour : start.neighbours(test.node, parameter)) {
      EXPECT_EQ(device_.find_tactic(neighbour->name()), neighbour);
      EXPECT_EQ(&neighbour->base(), &start.base());
      EXPECT_TRUE(result.insert(neighbour->name()).second) << neighbour->name();
    }
    return result;
  }
  cpu::CpuBackend device_;
};

TEST_F(Variants, ConvolutionsGiveTheSameBits) {
  for (const Format format : {Format::kPlain, Format::kChannelsLast}) {
    check_all("sparse24.conv", conv(3, 1, format));
    check_all("sparse24.conv", conv(1, 1, format));
    check_all("sparse24.conv", conv(3, 2, format));
  }
}

TEST_F(Variants, ProductsGiveTheSameBits) { check_all("sparse24.gemm", linear()); }

TEST_F(Variants, AreKnownByTheirFullNames) {
  const Tactic& base = tactic("sparse24.conv");
  const Tactic& variant = tactic("sparse24.conv:planar,k256,t13,p2");
  EXPECT_EQ(variant.name(), "sparse24.conv:planar,k256,t13,p2");
  EXPECT_EQ(&variant.base(), &base);
  EXPECT_EQ(&base.base(), &base);
  EXPECT_TRUE(variant.is_sparse());
  EXPECT_EQ(std::ranges::count(device_.tactics(), &variant), 0) << "not a tactic of its own";
  for (const char* unknown : {"sparse24.conv:", "sparse24.conv:k7", "sparse24.conv:k256,planar",
                              "onednn.conv:k256", "sparse24.conv:k256,k256", ":k256"})
    EXPECT_EQ(device_.find_tactic(unknown), nullptr) << unknown;
}

TEST_F(Variants, NeighboursRunInAnotherWay) {
  using Names = std::set<std::string>;
  const Tactic& base = tactic("sparse24.conv");
  const std::string start = "sparse24.conv:";
  const bool code = bool(cpu::sparse24_code_ok(31, 576));
  // Strided: nothing but packed is possible. 7 panels: one tile in any case.
  const Case strided = conv(3, 2, Format::kPlain);
  EXPECT_EQ(names(base, strided, 0), Names{});
  EXPECT_EQ(names(base, strided, 1),
            code ? (Names{start + "k64", start + "k256"}) : (Names{start + "k32", start + "k128"}));
  EXPECT_EQ(names(base, strided, 2), Names{});
  EXPECT_EQ(names(base, strided, 3), code ? (Names{start + "p0", start + "p2"}) : Names{});
  // Two of the three ways to read whole panels of pixels.
  EXPECT_EQ(names(base, conv(1, 1, Format::kPlain), 0).size(), 2u);
  EXPECT_EQ(names(tactic("sparse24.conv:planar"), strided, 1).size(), 2u);
}

TEST_F(Variants, OtherTacticsHaveNone) {
  EXPECT_EQ(tactic("onednn.gemm").num_parameters(), 0u);
  EXPECT_TRUE(tactic("onednn.gemm").neighbours(linear().node, 0).empty());
}

}  // namespace
}  // namespace twofour::tactic_test
