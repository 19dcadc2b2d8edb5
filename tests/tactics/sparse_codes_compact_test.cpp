// sparse24.codes_compact: few items times 2:4 weights of i8 codes.
#include <gtest/gtest.h>

#include "cpu/sparse24/code_gemv.h"
#include "ops/elementwise/activation.h"
#include "support/cpu_device.h"
#include "tactics/quantized_cases.h"
#include "tactics/sparse_codes_cases.h"

namespace twofour::tactic_test {
namespace {

const backend::Tactic& tactic() { return *device().find_tactic("sparse24.codes_compact"); }

#define TWOFOUR_SKIP_WITHOUT_CODES() \
  if (const auto support = cpu::code_gemv_supports(); !support) GTEST_SKIP() << support.to_string()

TEST(SparseCodesCompact, Products) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const int64_t items : {1, 2, 3, 4, 8, 9, 17})
    for (const int64_t k : {4, 12, 32, 100, 512, 1028})
      for (const int64_t m : {1, 24, 33, 77})
        for (const bool trans_b : {false, true})
          for (const DType result : kResults)
            expect_runs(tactic(), sparse_product(items, k, m, trans_b, 7, result), {.misalign = 4}, 16);
}

TEST(SparseCodesCompact, EveryNumberOfItems) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (int64_t items = 1; items <= 40; ++items)
    for (const int kind : {0, 1}) {
      expect_runs(tactic(), sparse_product(items, 580, 37, true, kind, DType::kF32), {}, 16);
      expect_runs(tactic(), sparse_product(items, 580, 37, true, kind, DType::kU8), {}, 16);
    }
  expect_runs(tactic(), sparse_product(cpu::kCodeGemvMaxItems, 68, 40, true, 7, DType::kI8), {}, 16);
}

TEST(SparseCodesCompact, WhatSurroundsTheProduct) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (int kind = 0; kind < 8; ++kind)
    for (const DType result : kResults) {
      expect_runs(tactic(), sparse_product(5, 44, 50, false, kind, result), {.read_only_pack = true}, 16);
      if (kind & 4)
        expect_runs(tactic(), sparse_product(11, 44, 50, false, kind, result), {.in_place = true}, 16);
    }
}

TEST(SparseCodesCompact, PointwiseConvolutions) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (int kind = 0; kind < 8; ++kind)
    for (const DType result : kResults)
      expect_runs(tactic(), sparse_conv({{2, 20, 3, 4}, {45, 20, 1, 1}, window(0, 1)}, kind, result), {}, 16);
}

TEST(SparseCodesCompact, Activations) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const std::string_view activation : ops::kActivationNames)
    for (const DType result : kResults)
      for (const int kind : {2, 6})
        expect_runs(tactic(), sparse_product(3, 72, 50, true, kind, result, std::string(activation).c_str()),
                    {}, 64);
}

TEST(SparseCodesCompact, ExtremeCodes) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const int64_t items : {1, 20})
    for (const int kind : {0, 1}) expect_runs(tactic(), extreme_product(items, kind), {}, 4);
}

TEST(SparseCodesCompact, AnyNumberOfThreadsGivesTheSame) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const int64_t items : {1, 13})
    for (const DType result : kResults)
      expect_same_by_any_threads(tactic(), sparse_product(items, 1024, 500, true, 7, result));
}

TEST(SparseCodesCompact, RefusesPacksOfAnotherForm) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  expect_bad_packs_refused(tactic(), sparse_product(3, 64, 40, true, 7, DType::kU8));
}

TEST(SparseCodesCompact, SaysWhichInstructionsItNeeds) {
  if (cpu::code_gemv_supports()) GTEST_SKIP() << "the CPU has them";
  const auto answer = tactic().supports(sparse_product(3, 64, 40, true, 0, DType::kF32).node);
  EXPECT_EQ(answer.reason, backend::Reason::kIsa);
  EXPECT_NE(answer.to_string().find("avx512-vbmi"), std::string::npos) << answer.to_string();
}

TEST(SparseCodesCompact, SaysWhyNot) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  const auto answer = [](const Case& test) { return tactic().supports(test.node).to_string(); };
  const Case many = sparse_product(cpu::kCodeGemvMaxItems + 1, 64, 40, true, 0, DType::kF32);
  EXPECT_NE(answer(many).find("too large"), std::string::npos) << answer(many);
  const Case wide = sparse_conv({{1, 8, 4, 4}, {20, 8, 3, 3}, window(1, 1)}, 0, DType::kU8);
  EXPECT_NE(answer(wide).find("not pointwise"), std::string::npos) << answer(wide);
  EXPECT_FALSE(
      tactic().supports(sparse_conv({{1, 8, 4, 4}, {20, 4, 1, 1}, window(0, 1, 1, 2)}, 0, DType::kU8).node));
  EXPECT_FALSE(tactic().supports(sparse_product(3, 30, 40, true, 0, DType::kF32).node));
  Case dense = sparse_product(3, 64, 40, true, 0, DType::kF32);
  std::ranges::fill(dense.inputs[1].span<int8_t>(), int8_t{1});
  EXPECT_NE(answer(dense).find("row 0, block 0"), std::string::npos) << answer(dense);
}

}  // namespace
}  // namespace twofour::tactic_test
