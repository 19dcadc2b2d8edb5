// com.microsoft: products and convolutions with what is fused into them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr const char* kMs = "com.microsoft";

/// `element` of [batch, rows, columns] as the operand is stored: rows and columns swapped, then the row axis
/// first.
Tensor stored(const std::vector<int64_t>& size, bool matrix, bool batch, const auto& element) {
  std::vector<int64_t> dims = {size[0], size[matrix ? 2 : 1], size[matrix ? 1 : 2]};
  if (batch) std::swap(dims[0], dims[1]);
  Tensor result(DType::kF32, Shape(dims));
  for (int64_t b = 0; b < size[0]; ++b)
    for (int64_t i = 0; i < size[1]; ++i)
      for (int64_t j = 0; j < size[2]; ++j) {
        const int64_t row = matrix ? j : i;
        const int64_t at = batch ? (row * dims[1] + b) : (b * dims[1] + row);
        result.span<float>()[static_cast<size_t>(at * dims[2] + (matrix ? i : j))] = element(b, i, j);
      }
  return result;
}

TEST(VendorProduct, FusedMatMulTransposesEveryWay) {
  const int64_t batch = 2, m = 3, k = 4, n = 5;
  const auto a = [](int64_t b, int64_t i, int64_t j) { return static_cast<float>(b + 2 * i - 3 * j); };
  const auto c = [](int64_t b, int64_t i, int64_t j) { return static_cast<float>(2 * b - i + j); };
  std::vector<float> expected;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        float sum = 0;
        for (int64_t l = 0; l < k; ++l) sum += a(b, i, l) * c(b, l, j);
        expected.push_back(0.5F * sum);
      }
  for (int flags = 0; flags < 16; ++flags) {
    const auto flag = [&](int bit) { return int64_t{(flags >> bit) & 1}; };
    OneNode model(kMs, "FusedMatMul",
                  {stored({batch, m, k}, flag(0) != 0, flag(1) != 0, a),
                   stored({batch, k, n}, flag(2) != 0, flag(3) != 0, c)});
    model.file.attr("transA", flag(0)).attr("transBatchA", flag(1)).attr("transB", flag(2));
    model.file.attr("transBatchB", flag(3)).attr("alpha", 0.5F);
    EXPECT_THAT(model.values(), Pointwise(FloatNear(1e-4F), expected)) << "flags " << flags;
  }
}

TEST(VendorProduct, FusedMatMulOfVectorsIgnoresTransposition) {
  OneNode model(kMs, "FusedMatMul", {tensor<float>({2}, {1, 2}), tensor<float>({2}, {3, 4})});
  model.file.attr("transA", int64_t{1}).attr("transB", int64_t{1});
  EXPECT_THAT(model.values(), testing::ElementsAre(11));
}

TEST(VendorProduct, FusedGemmAppliesItsActivation) {
  OneNode model(
      kMs, "FusedGemm",
      {tensor<float>({1, 2}, {1, 2}), tensor<float>({2, 2}, {1, 1, -1, -3}), tensor<float>({2}, {1, 2})});
  model.file.attr("transB", int64_t{1}).attr("alpha", 2.0F).attr("beta", 3.0F);
  model.file.attr("activation", "LeakyRelu").attr("activation_alpha", 0.5F);
  EXPECT_THAT(model.values(), testing::ElementsAre(9, -4));  // 2*3 + 3*1; (2*-7 + 3*2) / 2
}

TEST(VendorProduct, FusedConvAddsBeforeTheActivation) {
  OneNode model(kMs, "FusedConv",
                {tensor<float>({1, 1, 1, 3}, {1, 2, 3}), tensor<float>({1, 1, 1, 1}, {2}),
                 tensor<float>({1}, {1}), tensor<float>({1, 1, 1, 3}, {-4, 0, 9})});
  model.file.attr("activation", "Clip").attr("activation_params", std::vector<float>{0, 6});
  EXPECT_THAT(model.values(), testing::ElementsAre(0, 5, 6));
}

TEST(VendorProduct, UnknownActivationIsNamed) {
  OneNode model(kMs, "FusedGemm", {random({1, 2}, 1), random({2, 2}, 2)});
  model.file.attr("activation", "Sinc");
  EXPECT_ERROR(model.run(), kUnsupported, "activation \"Sinc\" is not known");
}

}  // namespace
}  // namespace twofour::onnx_io
