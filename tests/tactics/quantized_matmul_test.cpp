// QuantizedMatMul through oneDNN.
#include <gtest/gtest.h>

#include "cpu/onednn/primitive.h"
#include "tactics/quantized_cases.h"

namespace twofour::tactic_test {
namespace {

using Ints = std::vector<int64_t>;

struct Sizes {
  Ints a_batch;
  int64_t m, k, n;
  Ints b_batch;
};

struct Right {
  DType dtype = DType::kI8;
  bool constant = true;
  bool transposed = false;
  std::optional<int> zero_point = std::nullopt;
};

Shape matrices(Ints dims, int64_t rows, int64_t columns) {
  dims.insert(dims.end(), {rows, columns});
  return Shape(dims);
}

Case matmul(const Sizes& s, DType left, const Right& right, Around a) {
  if (right.transposed) a.attrs.set("transB", int64_t{1});
  const Shape b = right.transposed ? matrices(s.b_batch, s.n, s.k) : matrices(s.b_batch, s.k, s.n);
  Case test = around("QuantizedMatMul", codes(left, matrices(s.a_batch, s.m, s.k)),
                     codes(right.dtype, b, right.constant), s.n, s.k, a);
  if (!right.zero_point) return test;
  std::vector<Tensor> inputs = test.inputs;
  std::vector<bool> constant;
  for (const auto& input : test.node.inputs) constant.push_back(input.constant);
  Tensor zero_point(right.dtype, {});
  *zero_point.raw() = static_cast<std::byte>(*right.zero_point);
  inputs.push_back(zero_point);
  constant.push_back(a.constant);
  return case_of_tensors(test.node.op, inputs, constant, test.node.attrs);
}

TEST(QuantizedMatMul, RowsOfAConstantMatrix) {
  for (int64_t m = 1; m <= 67; m += m < 18 ? 1 : 7)
    for (const int64_t n : {1, 7, 16, 40})
      for (const int64_t k : {1, 5, 33, 64}) {
        const DType left = m % 2 == 0 ? DType::kU8 : DType::kI8;
        const DType dst = kResults[static_cast<size_t>(m + n) % kResults.size()];
        const auto zero_point = zero_points(left)[static_cast<size_t>(m + k) % 4];
        const Right right = {.transposed = k % 2 == 0};
        expect_both(matmul({{}, m, k, n, {}}, left, right, {.dst = dst, .zero_point = zero_point}),
                    {.read_only_pack = true});
      }
}

TEST(QuantizedMatMul, TwoActivations) {
  const std::vector<Sizes> sizes = {
      {{2, 3}, 5, 8, 6, {2, 3}}, {{6}, 37, 33, 41, {6}}, {{}, 4, 24, 9, {}}, {{3}, 1, 64, 16, {3}}};
  for (const Sizes& s : sizes)
    for (const DType left : {DType::kU8, DType::kI8})
      for (const DType right : {DType::kU8, DType::kI8})
        for (const auto b_zero : zero_points(right))
          for (const bool transposed : {true, false})
            for (const bool constant : {true, false})
              expect_both(
                  matmul(s, left,
                         {.dtype = right, .constant = false, .transposed = transposed, .zero_point = b_zero},
                         {.dst = transposed ? DType::kF32 : DType::kU8,
                          .zero_point = zero_points(left)[2],
                          .constant = constant,
                          .one_scale = true,
                          .bias = false}));
}

TEST(QuantizedMatMul, BroadcastBatchesAndCodesOfAConstant) {
  for (const Right& right : {Right{}, Right{.constant = false}, Right{.dtype = DType::kU8},
                             Right{.transposed = true, .zero_point = -3},
                             Right{.dtype = DType::kU8, .transposed = true, .zero_point = 130}})
    for (const Sizes& s : {Sizes{{2, 3}, 4, 7, 5, {}}, Sizes{{3}, 7, 9, 5, {1}}, Sizes{{2, 3}, 4, 7, 5, {3}}})
      check_both(matmul(s, DType::kU8, right, {.zero_point = 90}));
}

TEST(QuantizedMatMul, ActivationsAndResiduals) {
  for (const Attrs& activation : activations())
    for (const DType dst : kResults)
      for (const DType residual : kResults)
        for (const bool constant : {true, false}) {
          const Case test = matmul({{2}, 5, 32, 17, {}}, DType::kU8, {},
                                   {.dst = dst,
                                    .zero_point = 64,
                                    .constant = constant,
                                    .residual = residual,
                                    .attrs = activation});
          const bool sums_up = dtype_size(dst) == dtype_size(residual);
          for (const bool in_place : {true, false})
            (sums_up ? expect_both : check_both)(test, {.in_place = in_place});
        }
}

TEST(QuantizedMatMul, LongSumsDoNotSaturate) {
  for (const auto& [left, code] : {std::pair(DType::kU8, 255), {DType::kI8, -128}})
    for (const auto& [right, weight] :
         {std::pair(Right{}, -127), {Right{.constant = false}, 127}, {Right{.dtype = DType::kU8}, 255}})
      for (const auto zero_point : zero_points(left))
        expect_both(filled(matmul({{}, 3, 4608, 16, {}}, left, right, {.zero_point = zero_point}), code,
                           weight, 4608));
}

TEST(QuantizedMatMul, DeclinesWithAReason) {
  const auto reason = [](const Case& test) { return on_codes(test).supports(test.node).reason; };
  const Case long_sums = matmul({{}, 1, 40000, 2, {}}, DType::kU8, {}, {});
  const Case last = with_format(matmul({{1, 2}, 3, 4, 5, {1, 2}}, DType::kU8, {.constant = false}, {}),
                                backend::Format::kChannelsLast);
  if (!cpu::onednn::has_vnni()) {
    EXPECT_EQ(reason(last), backend::Reason::kNoVnni);
    return;
  }
  EXPECT_EQ(reason(long_sums), backend::Reason::kShape);
  EXPECT_EQ(reason(last), backend::Reason::kFormat);
}

TEST(QuantizedMatMul, MoreAxesThanTheLibraryHas) {
  const Ints ones(11, 1);
  const Case test = matmul({ones, 3, 4, 5, ones}, DType::kU8, {.constant = false}, {});
  EXPECT_EQ(on_values(test).supports(test.node).reason, backend::Reason::kShape);
  EXPECT_FALSE(on_codes(test).supports(test.node));
}

TEST(QuantizedMatMul, PackedConstantsThatDoNotFit) {
  expect_bad_packs_refused(matmul({{}, 3, 8, 4, {}}, DType::kU8, {}, {.zero_point = 3}));
}

}  // namespace
}  // namespace twofour::tactic_test
