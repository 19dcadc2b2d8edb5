// sparse24.conv and sparse24.gemm in bf16.
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "cpu/sparse24/tactic_support.h"
#include "support/cpu_device.h"
#include "tactics/harness.h"
#include "tactics/sparse_codes_cases.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;

constexpr double kOneRounding = 1;

class SparseBf16 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto support = cpu::sparse24_form(8, 8, cpu::ProductKind::kBf16); !support)
      GTEST_SKIP() << support.to_string();  // with AMX tactics.avx512 runs them
  }
};

const backend::Tactic& conv() { return *device().find_tactic("sparse24.conv"); }
const backend::Tactic& gemm() { return *device().find_tactic("sparse24.gemm"); }

Case in_bf16(Case test, size_t axis) {
  return with_half(with_random_24(std::move(test), axis), DType::kBF16);
}

/// What else a convolution has, by the bits of `kind`: 1 bias, 2 residual.
Case conv_case(const Image& image, int kind, Attrs activation = {{"activation", std::string("relu")}}) {
  for (const auto& [name, value] : image.attrs) activation.set(name, value);
  const CaseInput absent = {.absent = true};
  const CaseInput bias = {.shape = {image.weight[0]}, .constant = true};
  std::vector<CaseInput> inputs = {
      {.shape = image.src}, {.shape = image.weight, .constant = true}, kind & 1 ? bias : absent, absent};
  const Shape dst = make_case("FusedConv", inputs, activation).node.outputs[0].shape;
  if (kind & 2) inputs[3] = {.shape = dst};
  return with_format(in_bf16(make_case("FusedConv", inputs, activation), 1), Format::kChannelsLast);
}

Case product_case(int64_t items, int64_t k, int64_t m, bool trans_b, Attrs attrs = {}) {
  attrs.set("transB", int64_t{trans_b});
  const Shape b = trans_b ? Shape{m, k} : Shape{k, m};
  return in_bf16(make_case("FusedGemm",
                           {{.shape = {items, k}},
                            {.shape = b, .constant = true},
                            {.shape = {m}, .low = -3, .high = 3, .constant = true}},
                           attrs),
                 trans_b ? 1 : 0);
}

TEST_F(SparseBf16, Convolutions) {
  const std::vector<Image> images = {
      {{1, 64, 8, 8}, {64, 64, 1, 1}, window(0, 1)},      {{2, 12, 7, 5}, {30, 12, 1, 1}, window(0, 2)},
      {{1, 4, 9, 9}, {1, 4, 3, 3}, window(1, 1)},         {{2, 20, 11, 7}, {27, 20, 3, 3}, window(1, 2)},
      {{1, 36, 6, 6}, {26, 36, 5, 3}, window(2, 1)},      {{3, 8, 10, 9}, {70, 8, 3, 3}, window(2, 1, 2)},
      {{1, 24, 9, 9}, {48, 8, 3, 3}, window(1, 1, 1, 3)}, {{1, 516, 3, 3}, {33, 516, 3, 3}, window(1, 1)},
      {{1, 24, 9, 9}, {9, 8, 3, 3}, window(1, 1, 1, 3)},  {{1, 128, 14, 14}, {96, 128, 3, 3}, window(1, 1)},
  };
  for (const Image& image : images)
    for (int kind = 0; kind < 4; ++kind)
      for (const bool in_place : {false, true})
        expect_runs(conv(), conv_case(image, kind), {.in_place = in_place, .read_only_pack = true},
                    kOneRounding);
}

TEST_F(SparseBf16, EveryMapping) {
  const Case test = conv_case({{2, 20, 9, 11}, {54, 20, 3, 3}, window(1, 1)}, 3);
  for (size_t parameter = 0; parameter < conv().num_parameters(); ++parameter)
    for (const backend::Tactic* variant : conv().neighbours(test.node, parameter))
      expect_runs(*variant, test, {}, kOneRounding);
}

TEST_F(SparseBf16, Activations) {
  for (const Attrs& activation : activations()) {
    for (const int kind : {1, 3})
      expect_runs(conv(), conv_case({{1, 8, 5, 5}, {20, 8, 3, 3}, window(1, 1)}, kind, activation), {},
                  kOneRounding);
    for (const int64_t m : {24, 27})
      expect_runs(gemm(), product_case(21, 20, m, true, activation), {}, kOneRounding);
  }
}

TEST_F(SparseBf16, Products) {
  for (const int64_t items : {1, 3, 16, 17, 67, 300})
    for (const int64_t k : {4, 12, 64, 516, 1028})
      for (const int64_t m : {1, 24, 26, 77})
        for (const bool trans_b : {false, true})
          expect_runs(gemm(), product_case(items, k, m, trans_b), {.misalign = 2}, kOneRounding);
}

TEST_F(SparseBf16, AnyNumberOfThreadsGivesTheSame) {
  expect_same_by_any_threads(conv(), conv_case({{2, 64, 14, 14}, {96, 64, 3, 3}, window(1, 1)}, 3));
  expect_same_by_any_threads(gemm(), product_case(300, 516, 77, true));
}

/// In plain order the wrapper of f32 kernels runs.
TEST_F(SparseBf16, ChannelsMustLieTogether) {
  const Image image = {{1, 8, 5, 5}, {20, 8, 3, 3}, window(1, 1)};
  const Case plain = with_format(conv_case(image, 1), Format::kPlain);
  EXPECT_EQ(conv().supports(plain.node).reason, backend::Reason::kFormat);
  EXPECT_TRUE(device().find_tactic("half_storage:sparse24.conv")->supports(plain.node));
  EXPECT_EQ(device().find_tactic("half_storage:sparse24.conv")->supports(conv_case(image, 1).node).reason,
            backend::Reason::kOnlyAsFallback);
}

TEST(SparseOnAmx, ManyColumnsDecline) {
  if (max_isa() < Isa::kAmx) GTEST_SKIP() << "no AMX";
  const Case image = conv_case({{1, 8, 5, 5}, {20, 8, 3, 3}, window(1, 1)}, 1);
  const Case codes = sparse_product(300, 64, 24, true, 0, DType::kF32);
  for (const auto& [name, test] : {std::pair("sparse24.conv", image),
                                   {"half_storage:sparse24.conv", image},
                                   {"sparse24.gemm", product_case(300, 64, 24, true)},
                                   {"sparse24.codes", codes}})
    EXPECT_EQ(device().find_tactic(name)->supports(test.node).reason, backend::Reason::kAmx) << name;
  EXPECT_TRUE(device()
                  .find_tactic("sparse24.codes_compact")
                  ->supports(sparse_product(3, 64, 24, true, 0, DType::kF32).node));
}

}  // namespace
}  // namespace twofour::tactic_test
