#include "tactics/quantized_cases.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/errors.h"
#include "cpu/onednn/primitive.h"
#include "ops/quantisation/output_codes.h"
#include "support/cpu_device.h"

namespace twofour::tactic_test {
namespace {

constexpr float kOutputScale = 0.02F;

std::string name_on_codes(const Case& test) {
  return test.node.op == "QuantizedConv" ? "onednn.quantized_conv" : "onednn.quantized_matmul";
}

}  // namespace

const backend::Tactic& on_codes(const Case& test) { return *device().find_tactic(name_on_codes(test)); }
const backend::Tactic& on_values(const Case& test) {
  return *device().find_tactic(name_on_codes(test) + "_f32");
}

void check_both(const Case& test, const RunOptions& options) {
  constexpr double kRoundedSums = 1024;  // f32 sums round beyond 2^24
  check_tactic(on_codes(test), test, options);
  expect_runs(on_values(test), test, options, kRoundedSums);
}

void expect_both(const Case& test, const RunOptions& options) {
  check_both(test, options);
  EXPECT_EQ(static_cast<bool>(on_codes(test).supports(test.node)), cpu::onednn::has_vnni())
      << test.node.signature();
}

void expect_bad_packs_refused(const backend::Tactic& tactic, const Case& test) {
  const std::vector<Tensor> good = tactic.pack(test.node);
  for (size_t i = 0; i < good.size(); ++i) {
    EXPECT_ERROR(tactic.create(test.node, std::span(good).first(i)), kDataCorrupt, "packed");
    std::vector<Tensor> bad = good;
    bad[i] = Tensor(DType::kI16, good[i].shape());
    EXPECT_ERROR(tactic.create(test.node, bad), kDataCorrupt, "packed");
  }
}

void expect_bad_packs_refused(const Case& test) {
  for (const backend::Tactic* tactic : {&on_codes(test), &on_values(test)})
    if (tactic->supports(test.node)) expect_bad_packs_refused(*tactic, test);
}

CaseInput codes(DType dtype, Shape shape, bool constant) {
  const float low = dtype == DType::kU8 ? 0 : -128;
  return {.dtype = dtype, .shape = std::move(shape), .low = low, .high = low + 255.9F, .constant = constant};
}

Case around(const std::string& op, const CaseInput& left, const CaseInput& weight, int64_t channels,
            int64_t terms, const Around& a) {
  Attrs attrs = a.attrs;
  if (a.dst != DType::kF32)
    ops::set_output_codes(attrs, {a.dst, kOutputScale, a.dst == DType::kU8 ? 117 : -9});
  if (a.residual && *a.residual != DType::kF32) {
    attrs.set("residual_scale", 0.01F);
    attrs.set("residual_zero_point", int64_t{5});
  }
  const float unit = 2e-4F / std::sqrt(static_cast<float>(terms));
  const CaseInput scale{.shape = a.one_scale ? Shape{} : Shape{channels},
                        .low = unit / 2,
                        .high = unit,
                        .constant = a.constant};
  const CaseInput bias{.shape = {channels}, .constant = a.constant, .absent = !a.bias};
  CaseInput zero_point{.absent = true};
  if (a.zero_point)
    zero_point = {.dtype = left.dtype,
                  .shape = {},
                  .constant = a.constant,
                  .values = {static_cast<float>(*a.zero_point)}};
  const auto with = [&](const CaseInput& residual) {
    return make_case(op, {left, weight, scale, bias, residual, zero_point}, attrs);
  };
  const Case without_residual = with({.absent = true});
  if (!a.residual) return without_residual;
  const Shape& shape = without_residual.node.outputs[0].shape;
  return with(*a.residual == DType::kF32 ? CaseInput{.shape = shape} : codes(*a.residual, shape));
}

Case filled(Case test, int left, int weight, int64_t terms) {
  // Constants share their data with the node.
  std::memset(test.inputs[0].raw(), left, test.inputs[0].size_bytes());
  std::memset(test.inputs[1].raw(), weight, test.inputs[1].size_bytes());
  for (float& scale : test.inputs[2].span<float>()) scale /= 10 * std::sqrt(static_cast<float>(terms));
  return test;
}

std::vector<std::optional<int>> zero_points(DType dtype) {
  if (dtype == DType::kU8) return {std::nullopt, 0, 121, 255};
  return {std::nullopt, -128, 3, 127};
}

}  // namespace twofour::tactic_test
