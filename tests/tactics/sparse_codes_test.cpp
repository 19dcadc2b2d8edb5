// sparse24.codes: 2:4 weights of i8 codes in convolutions and products.
#include <gtest/gtest.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "cpu/sparse24/gemm.h"
#include "ops/quantisation/output_codes.h"
#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;

const backend::Tactic& tactic() { return *device().find_tactic("sparse24.codes"); }

#define TWOFOUR_SKIP_WITHOUT_CODES()                                               \
  if (const auto support = cpu::sparse24_code_ok(8, 8, {.codes = true}); !support) \
  GTEST_SKIP() << support.to_string()

/// The kept codes of every block are random, two, one or none of four neighbours along `axis`.
Case sparse(Case test, size_t axis) {
  const Shape& shape = test.inputs[1].shape();
  const int64_t step = shape.numel(axis + 1, shape.rank()), size = shape[axis];
  const auto codes = test.inputs[1].span<int8_t>();
  Rng rng(7);
  for (size_t i = 0; i < codes.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    if (at / step % size % 4 != 0) continue;
    const uint64_t first = rng.below(4), second = rng.below(4), keep = rng.below(8);
    for (uint64_t j = 0; j < 4 && at / step % size + static_cast<int64_t>(j) < size; ++j)
      if (keep == 0 || (j != first && (j != second || keep == 1)))
        codes[i + j * static_cast<size_t>(step)] = 0;
  }
  test.node.inputs[1].data = test.inputs[1];
  return test;
}

struct Image {
  Shape src, weight;
  Attrs attrs;
};

CaseInput codes(DType dtype, Shape shape) {
  return {
      .dtype = dtype, .shape = std::move(shape), .low = dtype == DType::kU8 ? 0.0F : -128.0F, .high = 128};
}

/// What else a product may have, by the bits of `kind`: i8 source, bias, residual; and which result.
std::vector<CaseInput> inputs_of(int kind, const Shape& src, const Shape& weight, const Shape& dst,
                                 int64_t channels, DType result) {
  const DType dtype = kind & 1 ? DType::kI8 : DType::kU8;
  const CaseInput absent = {.absent = true};
  const CaseInput bias = {.shape = {channels}, .low = -3, .high = 3, .constant = true};
  CaseInput residual = result == DType::kF32 ? CaseInput{.shape = dst} : codes(DType::kU8, dst);
  return {codes(dtype, src),
          {.dtype = DType::kI8, .shape = weight, .low = -128, .high = 128, .constant = true},
          {.shape = {kind & 2 ? channels : 1}, .low = 0.0001F, .high = 0.0003F, .constant = true},
          kind & 2 ? bias : absent,
          kind & 4 ? std::move(residual) : absent,
          {.dtype = dtype, .shape = {}, .constant = true, .values = {kind & 1 ? -11.0F : 117.0F}}};
}

Attrs with_result(Attrs attrs, int kind, DType result, const char* activation) {
  attrs.set("activation", std::string(activation));
  attrs.set("clip_low", -0.5F);
  attrs.set("clip_high", 2.0F);
  attrs.set("activation_slope", 1.0F);
  ops::set_output_codes(attrs, {result, 0.03F, result == DType::kU8 ? 90 : result == DType::kI8 ? -20 : 0});
  if (kind & 4 && result != DType::kF32) {
    attrs.set("residual_scale", 0.02F);
    attrs.set("residual_zero_point", int64_t{100});
  }
  return attrs;
}

Shape dst_of(const Image& image) {
  Attrs attrs = image.attrs;
  return make_case("Conv", {{.shape = image.src}, {.shape = image.weight}}, attrs).node.outputs[0].shape;
}

Case conv_case(const Image& image, int kind, DType result, const char* activation = "relu") {
  const auto inputs = inputs_of(kind, image.src, image.weight, dst_of(image), image.weight[0], result);
  const Case plain = make_case("QuantizedConv", inputs, with_result(image.attrs, kind, result, activation));
  return with_format(sparse(plain, 1), Format::kChannelsLast);
}

Attrs window(int64_t pad, int64_t stride, int64_t dilation = 1, int64_t group = 1) {
  return {{"pads", std::vector<int64_t>(4, pad)},
          {"strides", std::vector<int64_t>(2, stride)},
          {"dilations", std::vector<int64_t>(2, dilation)},
          {"group", group}};
}

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
        expect_runs(tactic(), conv_case(image, kind, result), {}, 16);
}

TEST(SparseCodes, EveryMapping) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  const Image image = {{2, 20, 9, 11}, {54, 20, 3, 3}, window(1, 1)};
  const Case test = conv_case(image, 7, DType::kU8);
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
                    conv_case({{1, 8, 5, 5}, {20, 8, 3, 3}, window(1, 1)}, kind, result,
                              std::string(activation).c_str()),
                    {}, 64);
}

Case product_case(int64_t items, int64_t k, int64_t m, bool trans_b, int kind, DType result) {
  const Shape weight = trans_b ? Shape{m, k} : Shape{k, m};
  const auto inputs = inputs_of(kind, {items, k}, weight, {items, m}, m, result);
  return sparse(
      make_case("QuantizedMatMul", inputs, with_result({{"transB", int64_t{trans_b}}}, kind, result, "none")),
      trans_b ? 1 : 0);
}

TEST(SparseCodes, Products) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  for (const int64_t items : {1, 3, 16, 17, 67, 300})
    for (const int64_t k : {4, 12, 64, 516, 1028})
      for (const int64_t m : {1, 24, 26, 77})
        for (const bool trans_b : {false, true})
          for (const DType result : {DType::kF32, DType::kU8})
            expect_runs(tactic(), product_case(items, k, m, trans_b, 7, result), {.misalign = 4}, 16);
}

/// The largest sums: 16 bits would saturate.
TEST(SparseCodes, ExtremeCodes) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  Case test = product_case(20, 4096, 30, true, 0, DType::kF32);
  std::ranges::fill(test.inputs[0].span<uint8_t>(), uint8_t{255});
  for (int8_t& code : test.inputs[1].span<int8_t>()) code = code < 0 ? -128 : code > 0 ? 127 : 0;
  expect_runs(tactic(), test, {}, 4);
}

TEST(SparseCodes, AnyNumberOfThreadsGivesTheSame) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  const Case test = conv_case({{2, 64, 14, 14}, {96, 64, 3, 3}, window(1, 1)}, 7, DType::kF32);
  const int before = max_threads();
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    set_max_threads(threads);
    const std::vector<Tensor> got = run_tactic(tactic(), test);
    const std::vector<float> values(got[0].span<float>().begin(), got[0].span<float>().end());
    if (threads == 1) first = values;
    EXPECT_EQ(values, first) << threads;
  }
  set_max_threads(before);
}

TEST(SparseCodes, SaysWhyNot) {
  TWOFOUR_SKIP_WITHOUT_CODES();
  const auto answer = [](const Case& test) { return tactic().supports(test.node).to_string(); };
  const Image image = {{1, 8, 5, 5}, {20, 8, 3, 3}, window(1, 1)};
  Case dense = conv_case(image, 0, DType::kU8);
  std::ranges::fill(dense.inputs[1].span<int8_t>(), int8_t{1});
  EXPECT_NE(answer(dense).find("row 0, block 0"), std::string::npos) << answer(dense);
  EXPECT_FALSE(tactic().supports(conv_case({{1, 6, 5, 5}, {20, 6, 3, 3}, window(1, 1)}, 0, DType::kU8).node));
  Case run_time = conv_case(image, 0, DType::kU8);
  run_time.node.inputs[2].constant = false;
  EXPECT_NE(answer(run_time).find("scale"), std::string::npos) << answer(run_time);
}

}  // namespace
}  // namespace twofour::tactic_test
