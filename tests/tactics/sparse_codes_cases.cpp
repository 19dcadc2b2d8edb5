#include "tactics/sparse_codes_cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "ops/quantisation/output_codes.h"
#include "tactics/quantized_cases.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;

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

}  // namespace

Attrs window(int64_t pad, int64_t stride, int64_t dilation, int64_t group) {
  return {{"pads", std::vector<int64_t>(4, pad)},
          {"strides", std::vector<int64_t>(2, stride)},
          {"dilations", std::vector<int64_t>(2, dilation)},
          {"group", group}};
}

Case sparse_conv(const Image& image, int kind, DType result, const char* activation) {
  const auto inputs = inputs_of(kind, image.src, image.weight, dst_of(image), image.weight[0], result);
  const Case plain = make_case("QuantizedConv", inputs, with_result(image.attrs, kind, result, activation));
  return with_format(with_random_24(plain, 1), Format::kChannelsLast);
}

Case sparse_product(int64_t items, int64_t k, int64_t m, bool trans_b, int kind, DType result,
                    const char* activation) {
  const Shape weight = trans_b ? Shape{m, k} : Shape{k, m};
  const auto inputs = inputs_of(kind, {items, k}, weight, {items, m}, m, result);
  const Attrs attrs = with_result({{"transB", int64_t{trans_b}}}, kind, result, activation);
  return with_random_24(make_case("QuantizedMatMul", inputs, attrs), trans_b ? 1 : 0);
}

Case extreme_product(int64_t items, int kind) {
  Case test = sparse_product(items, 4096, 30, true, kind, DType::kF32);
  if (kind & 1) std::ranges::fill(test.inputs[0].span<int8_t>(), int8_t{127});
  else std::ranges::fill(test.inputs[0].span<uint8_t>(), uint8_t{255});
  for (int8_t& code : test.inputs[1].span<int8_t>()) code = code < 0 ? -128 : code > 0 ? 127 : 0;
  return test;
}

void expect_same_by_any_threads(const backend::Tactic& tactic, const Case& test) {
  const int before = max_threads();
  Tensor first;
  for (const int threads : {1, 2, 3}) {
    set_max_threads(threads);
    const Tensor got = run_tactic(tactic, test)[0];
    if (threads == 1) first = got;
    EXPECT_EQ(std::memcmp(got.raw(), first.raw(), first.size_bytes()), 0) << threads;
  }
  set_max_threads(before);
}

}  // namespace twofour::tactic_test
