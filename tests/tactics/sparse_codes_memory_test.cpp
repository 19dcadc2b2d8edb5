// What sparse24.codes reads and overwrites: residuals of either type, in place and not, and packed constants.
#include <gtest/gtest.h>

#include "cpu/sparse24/tactic_support.h"
#include "support/cpu_device.h"
#include "tactics/quantized_cases.h"
#include "tactics/sparse_codes_cases.h"

namespace twofour::tactic_test {
namespace {

constexpr int kEverything = 7;  // see sparse_codes_cases.h

const backend::Tactic& tactic() { return *device().find_tactic("sparse24.codes"); }
bool has_codes() { return bool{cpu::sparse24_form(8, 8, cpu::ProductKind::kCodes)}; }

/// The bytes of the residual are codes of this type.
Case with_residual(const Case& test, DType dtype) {
  std::vector<Tensor> inputs = test.inputs;
  std::vector<bool> constant;
  for (const auto& input : test.node.inputs) constant.push_back(input.constant);
  inputs[4] = Tensor(dtype, test.inputs[4].shape());
  std::copy_n(test.inputs[4].raw(), inputs[4].size_bytes(), inputs[4].raw());
  Case changed = case_of_tensors(test.node.op, inputs, constant, test.node.attrs);
  return with_format(std::move(changed), backend::Format::kChannelsLast);
}

TEST(SparseCodesMemory, Residuals) {
  if (!has_codes()) GTEST_SKIP();
  const std::vector<Image> images = {{{2, 12, 7, 5}, {32, 12, 1, 1}, window(0, 2)},
                                     {{1, 20, 11, 7}, {27, 20, 3, 3}, window(1, 1)},
                                     {{1, 24, 9, 9}, {48, 8, 3, 3}, window(1, 1, 1, 3)}};
  for (const Image& image : images)
    for (const char* activation : {"relu", "swish"})
      for (const DType result : {DType::kU8, DType::kI8})
        for (const DType residual : {DType::kU8, DType::kI8})
          for (const bool in_place : {false, true})
            expect_runs(tactic(),
                        with_residual(sparse_conv(image, kEverything, result, activation), residual),
                        {.in_place = in_place, .misalign = 1}, 64);
}

TEST(SparseCodesMemory, ResidualsInF32) {
  if (!has_codes()) GTEST_SKIP();
  const Image image = {{1, 20, 11, 7}, {27, 20, 3, 3}, window(1, 1)};
  for (const char* activation : {"none", "clip", "swish"})
    expect_runs(tactic(), sparse_conv(image, kEverything, DType::kF32, activation),
                {.in_place = true, .misalign = 4}, 64);
}

TEST(SparseCodesMemory, PackedConstantsThatDoNotFit) {
  if (!has_codes()) GTEST_SKIP();
  expect_bad_packs_refused(tactic(), sparse_product(3, 8, 4, true, kEverything, DType::kU8));
}

}  // namespace
}  // namespace twofour::tactic_test
