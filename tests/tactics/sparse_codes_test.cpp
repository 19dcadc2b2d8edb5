// sparse24.codes: 2:4 weights of i8 codes in convolutions and products.
#include <gtest/gtest.h>

#include "cpu/sparse24/tactic_support.h"
#include "ops/elementwise/activation.h"
#include "support/cpu_device.h"
#include "tactics/sparse_codes_cases.h"

namespace twofour::tactic_test {
namespace {

const backend::Tactic& tactic() { return *device().find_tactic("sparse24.codes"); }

#define TWOFOUR_SKIP_WITHOUT_CODES()                                                     \
  if (const auto support = cpu::sparse24_form(8, 8, cpu::ProductKind::kCodes); !support) \
  GTEST_SKIP() << support.to_string()

TEST(SparseCodes, Convolutions) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  const std::vector<Image> images = {
      {{1, 64, 8, 8}, {64, 64, 1, 1}, window(0, 1)},      {{2, 12, 7, 5}, {30, 12, 1, 1}, window(0, 2)},
      {{1, 4, 9, 9}, {1, 4, 3, 3}, window(1, 1)},         {{2, 20, 11, 7}, {27, 20, 3, 3}, window(1, 2)},
      {{1, 36, 6, 6}, {26, 36, 5, 3}, window(2, 1)},      {{3, 8, 10, 9}, {70, 8, 3, 3}, window(2, 1, 2)},
      {{1, 24, 9, 9}, {48, 8, 3, 3}, window(1, 1, 1, 3)}, {{1, 516, 3, 3}, {33, 516, 3, 3}, window(1, 1)},
      {{1, 128, 14, 14}, {96, 128, 3, 3}, window(1, 1)},
  };
  for (const Image& image : images)
    for (int kind = 0; kind < 8; ++kind)
      for (const DType result : {DType::kF32, DType::kU8, DType::kI8})
        expect_runs(tactic(), sparse_conv(image, kind, result), {}, 16);
}

TEST(SparseCodes, EveryMapping) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  const Image image = {{2, 20, 9, 11}, {54, 20, 3, 3}, window(1, 1)};
  const Case test = sparse_conv(image, 7, DType::kU8);
  for (size_t parameter = 0; parameter < tactic().num_parameters(); ++parameter)
    for (const backend::Tactic* variant : tactic().neighbours(test.node, parameter))
      expect_runs(*variant, test, {}, 16);
}

TEST(SparseCodes, Activations) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const std::string_view activation : ops::kActivationNames)
    for (const DType result : {DType::kF32, DType::kU8})
      for (const int kind : {2, 6})
        expect_runs(tactic(),
                    sparse_conv({{1, 8, 5, 5}, {20, 8, 3, 3}, window(1, 1)}, kind, result,
                                std::string(activation).c_str()),
                    {}, 64);
}

TEST(SparseCodes, Products) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const int64_t items : {1, 3, 16, 17, 67, 300})
    for (const int64_t k : {4, 12, 64, 516, 1028})
      for (const int64_t m : {1, 24, 26, 77})
        for (const bool trans_b : {false, true})
          for (const DType result : {DType::kF32, DType::kU8})
            expect_runs(tactic(), sparse_product(items, k, m, trans_b, 7, result), {.misalign = 4}, 16);
}

TEST(SparseCodes, ExtremeCodes) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const int kind : {0, 1}) expect_runs(tactic(), extreme_product(20, kind), {}, 4);
}

TEST(SparseCodes, AnyNumberOfThreadsGivesTheSame) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  expect_same_by_any_threads(tactic(),
                             sparse_conv({{2, 64, 14, 14}, {96, 64, 3, 3}, window(1, 1)}, 7, DType::kF32));
}

TEST(SparseCodes, SaysWhyNot) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  const auto answer = [](const Case& test) { return tactic().supports(test.node).to_string(); };
  const Image image = {{1, 8, 5, 5}, {20, 8, 3, 3}, window(1, 1)};
  Case dense = sparse_conv(image, 0, DType::kU8);
  std::ranges::fill(dense.inputs[1].span<int8_t>(), int8_t{1});
  EXPECT_NE(answer(dense).find("row 0, block 0"), std::string::npos) << answer(dense);
  EXPECT_FALSE(
      tactic().supports(sparse_conv({{1, 6, 5, 5}, {20, 6, 3, 3}, window(1, 1)}, 0, DType::kU8).node));
  Case run_time = sparse_conv(image, 0, DType::kU8);
  run_time.node.inputs[2].constant = false;
  EXPECT_NE(answer(run_time).find("scale"), std::string::npos) << answer(run_time);
}

/// Codes of 0 to 255 are no i8 weights, and 32 bits hold 33025 products of codes.
TEST(SparseCodes, DeclineWhatWouldOverflow) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  Case wide = sparse_product(2, 64, 24, true, 0, DType::kF32);
  wide.inputs[1] = wide.inputs[1].to(DType::kU8);
  wide.node.inputs[1].desc.dtype = DType::kU8;
  wide.node.inputs[1].data = wide.inputs[1];
  for (const char* name : {"sparse24.codes", "sparse24.codes_compact"}) {
    const backend::Tactic& codes = *device().find_tactic(name);
    EXPECT_EQ(codes.supports(wide.node).reason, backend::Reason::kDtype) << name;
    EXPECT_TRUE(codes.supports(sparse_product(2, 33024, 4, true, 0, DType::kF32).node)) << name;
    const backend::Support large = codes.supports(sparse_product(2, 33028, 4, true, 0, DType::kF32).node);
    EXPECT_NE(large.to_string().find("sums of 33028 products"), std::string::npos) << large.to_string();
  }
}

/// What is packed depends on whether the source's codes are u8 or i8.
TEST(SparseCodes, PackedFormNamesTheSource) {
  for (const char* name : {"sparse24.codes", "sparse24.codes_compact"}) {
    const backend::Tactic& codes = *device().find_tactic(name);
    EXPECT_NE(codes.packed_form(sparse_product(2, 64, 24, true, 0, DType::kF32).node),
              codes.packed_form(sparse_product(2, 64, 24, true, 1, DType::kF32).node));
  }
}

}  // namespace
}  // namespace twofour::tactic_test
