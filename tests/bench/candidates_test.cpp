// What bench_sparse runs: the same values for everybody, at every precision.
#include <gtest/gtest.h>

#include <cmath>

#include "sparse/candidate.h"
#include "sparse/codes.h"
#include "sparse/tactic_nodes.h"

namespace twofour::bench {
namespace {

constexpr std::array kAll = {Precision::kF32, Precision::kBF16, Precision::kInt8};

DType stored_at(Precision precision) {
  return precision == Precision::kInt8 ? DType::kI8 : dtype_at(precision);
}

Problem product_at(Precision precision) {
  return {.suite = "small_gemm",
          .name = "product",
          .precision = precision,
          .m = 40,
          .k = 64,
          .n = 35,
          .stored = stored_at(precision)};
}

Problem convolution_at(Precision precision) {
  const ConvLayer layer{.name = "conv", .c = 16, .h = 9, .w = 7, .k = 48, .r = 3, .s = 3, .pad = 1};
  return {.suite = "small_conv",
          .name = "convolution",
          .precision = precision,
          .m = layer.k,
          .k = layer.c * layer.r * layer.s,
          .n = 2 * layer.out_h() * layer.out_w(),
          .batch = 2,
          .conv = layer,
          .stored = stored_at(precision)};
}

void expect_same_results(const Problem& problem, double tolerance) {
  const ProblemData data = make_data(problem, {});
  std::vector<std::string> refusals;
  std::vector<Candidate> candidates = onednn_candidates(problem, data);
  std::ranges::move(tactic_candidates(problem, data, &refusals), std::back_inserter(candidates));
  ASSERT_TRUE(std::ranges::any_of(candidates, is_dense, &Candidate::role));
  double expected = 0;
  for (const Candidate& c : candidates) {
    c.turn_s(0, 1);
    const double sum = sum_of_squares(c.result());
    EXPECT_GT(sum, 0) << c.name;
    if (expected == 0) expected = sum;
    EXPECT_NEAR(sum, expected, tolerance * expected) << c.name << " of " << problem.name;
  }
}

TEST(Candidates, AgreeAtEveryPrecision) {
  std::vector<std::string> notes;
  for (const Precision precision : usable_precisions({kAll.begin(), kAll.end()}, &notes)) {
    const double tolerance = precision == Precision::kBF16 ? 1e-2 : 1e-3;
    expect_same_results(product_at(precision), tolerance);
    expect_same_results(convolution_at(precision), tolerance);
  }
}

TEST(Candidates, AgreeWhereWeightsAreStoredInOtherTypes) {
  for (const DType stored : {DType::kF16, DType::kBF16, DType::kI8}) {
    Problem problem = product_at(Precision::kF32);
    problem.stored = stored;
    expect_same_results(problem, 1e-2);
  }
}

TEST(Candidates, NodesOfCodes) {
  for (const Problem& problem : {product_at(Precision::kInt8), convolution_at(Precision::kInt8)}) {
    const auto node = node_of(problem, make_data(problem, {}), backend::Format::kPlain);
    EXPECT_EQ(node.op, problem.is_conv() ? "QuantizedConv" : "QuantizedMatMul");
    ASSERT_EQ(node.inputs.size(), 6U);
    EXPECT_EQ(node.inputs[0].desc.dtype, DType::kU8);
    EXPECT_EQ(node.inputs[1].desc.dtype, DType::kI8);
    EXPECT_EQ(node.has_input(3), problem.is_conv());
    EXPECT_FALSE(node.has_input(4));
    EXPECT_EQ(node.outputs[0].dtype, DType::kU8);
  }
}

TEST(Candidates, WeightsAreSharedByProductsOfTheSameKind) {
  const ProblemData first = make_data(product_at(Precision::kInt8), {});
  Problem problem = product_at(Precision::kInt8);
  problem.n = 7;
  EXPECT_EQ(make_data(problem, first).weight.raw(), first.weight.raw());
  problem.precision = Precision::kF32;  // the values of the codes
  const ProblemData real = make_data(problem, first);
  ASSERT_EQ(real.weight.dtype(), DType::kF32);
  const Tensor codes = weight_codes(real.weight, real.scales);
  EXPECT_TRUE(std::ranges::equal(codes.span<int8_t>(), first.weight.span<int8_t>()));
}

TEST(Candidates, CodesStandForRoundedValues) {
  const Tensor src = Tensor::of<float>({4}, std::vector<float>{-1, 0, 0.2501F, 1});
  round_src(src);
  const Tensor bytes = src_codes(src, DType::kU8);
  EXPECT_EQ(std::vector(bytes.span<uint8_t>().begin(), bytes.span<uint8_t>().end()),
            (std::vector<uint8_t>{1, 128, 160, 255}));
  const Tensor weight = Tensor::of<float>({2, 2}, std::vector<float>{1, 0, -0.1F, 0.4F});
  const Tensor scales = round_weight(weight);
  const Tensor codes = weight_codes(weight, scales);
  EXPECT_EQ(std::vector(codes.span<int8_t>().begin(), codes.span<int8_t>().end()),
            (std::vector<int8_t>{127, 0, -32, 127}));
}

}  // namespace
}  // namespace twofour::bench
